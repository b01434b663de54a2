# The signing keys over the Management API with Ruby's net/http. Reads ISSUER, TOKEN and CA_FILE.
require 'json'
require 'net/http'
require 'openssl'

ISSUER = URI(ENV.fetch('ISSUER'))
HTTP = Net::HTTP.new(ISSUER.host, ISSUER.port)
HTTP.use_ssl = ISSUER.scheme == 'https'
HTTP.ca_file = ENV['CA_FILE']

def call(method, path, status)
  request = Net::HTTP.const_get(method).new("/api/v2/#{path}", 'authorization' => "Bearer #{ENV.fetch('TOKEN')}")
  response = HTTP.request(request)
  raise "#{method} #{path}: #{response.code} #{response.body}" unless response.code == status.to_s

  JSON.parse(response.body)
end

def only(keys, state)
  found = keys.select { |key| key[state] }
  raise "#{found.length} #{state} keys" unless found.length == 1

  found.first
end

keys = call('Get', 'keys/signing', 200)
current = only(keys, 'current')
coming = only(keys, 'next')
keys.each do |key|
  der = OpenSSL::X509::Certificate.new(key['cert']).to_der
  raise "the thumbprint of #{key['kid']}" unless OpenSSL::Digest::SHA1.hexdigest(der).upcase == key['thumbprint']

  OpenSSL::PKCS7.new(key['pkcs7']).certificates.fetch(0)
end

rotated = call('Post', 'keys/signing/rotate', 201)
raise "rotate answered #{rotated}" unless rotated.keys.sort == %w[cert kid] && keys.none? { |key| key['kid'] == rotated['kid'] }
raise 'the former next key is not the current one' unless call('Get', "keys/signing/#{coming['kid']}", 200)['current']

revoked = call('Put', "keys/signing/#{current['kid']}/revoke", 200)
raise "revoke answered #{revoked}" unless revoked == { 'cert' => current['cert'], 'kid' => current['kid'] }

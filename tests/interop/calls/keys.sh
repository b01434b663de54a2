#!/usr/bin/env bash
# The signing keys over the Management API with curl. Reads ISSUER, TOKEN and, for TLS, CA_FILE.
set -euo pipefail

call() { # call METHOD PATH STATUS: prints the body of an answer that has to have this status
  local answer status
  answer=$(curl --silent --show-error ${CA_FILE:+--cacert "$CA_FILE"} --request "$1" --url "${ISSUER}api/v2/$2" \
    --header "authorization: Bearer $TOKEN" --write-out '\n%{http_code}')
  status=${answer##*$'\n'}
  [ "$status" = "$3" ] || { echo "$1 $2 answered $status, expected $3: $answer" >&2; return 1; }
  printf '%s' "${answer%$'\n'*}"
}

keys=$(call GET keys/signing 200)
current=$(jq -er 'map(select(.current)) | if length == 1 then .[0].kid else error("not one current key") end' <<< "$keys")
next=$(jq -er 'map(select(.next)) | if length == 1 then .[0].kid else error("not one next key") end' <<< "$keys")
jq -e 'all(.[]; (.cert | startswith("-----BEGIN CERTIFICATE-----")) and (.fingerprint | length == 59))' <<< "$keys" > /dev/null

rotated=$(call POST keys/signing/rotate 201)
jq -e --arg current "$current" --arg next "$next" \
  '(keys == ["cert", "kid"]) and .kid != $current and .kid != $next' <<< "$rotated" > /dev/null
jq -e --arg next "$next" '.current and .kid == $next' <<< "$(call GET "keys/signing/$next" 200)" > /dev/null

revoked=$(call PUT "keys/signing/$current/revoke" 200)
jq -e --arg kid "$current" '(keys == ["cert", "kid"]) and .kid == $kid' <<< "$revoked" > /dev/null

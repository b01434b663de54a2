<?php
// The signing keys over the Management API with PHP's own streams. Reads ISSUER, TOKEN and CA_FILE.

function fail(string $what): never
{
    fwrite(STDERR, "not as it should be: $what\n");
    exit(1);
}

function call(string $method, string $path, int $status): array
{
    $http = [
        'method' => $method,
        'header' => 'authorization: Bearer ' . getenv('TOKEN'),
        'ignore_errors' => true,
        'protocol_version' => 1.1,
        'timeout' => 20,
    ];
    $ssl = getenv('CA_FILE') ? ['cafile' => getenv('CA_FILE')] : [];
    $context = stream_context_create(['http' => $http, 'ssl' => $ssl]);
    $body = file_get_contents(getenv('ISSUER') . "api/v2/$path", false, $context);
    if ($body === false || !preg_match("#^HTTP/1\\.1 $status #", $http_response_header[0])) {
        fail("$method $path: " . ($http_response_header[0] ?? 'no answer') . " $body");
    }
    return json_decode($body, true, 512, JSON_THROW_ON_ERROR);
}

function only(array $keys, string $state): array
{
    $found = array_values(array_filter($keys, fn ($key) => $key[$state]));
    return count($found) === 1 ? $found[0] : fail(count($found) . " $state keys");
}

$keys = call('GET', 'keys/signing', 200);
$current = only($keys, 'current');
$next = only($keys, 'next');
foreach ($keys as $key) {
    if (strtoupper(openssl_x509_fingerprint($key['cert'], 'sha1')) !== $key['thumbprint']) {
        fail("the thumbprint of {$key['kid']}");
    }
}

$rotated = call('POST', 'keys/signing/rotate', 201);
if (count($rotated) !== 2 || in_array($rotated['kid'], array_column($keys, 'kid'), true)) {
    fail('rotate answered ' . json_encode($rotated));
}
if (!call('GET', "keys/signing/{$next['kid']}", 200)['current']) {
    fail('the former next key is not the current one');
}

$revoked = call('PUT', "keys/signing/{$current['kid']}/revoke", 200);
if ($revoked['kid'] !== $current['kid'] || $revoked['cert'] !== $current['cert']) {
    fail('revoke answered ' . json_encode($revoked));
}

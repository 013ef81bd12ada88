#!/bin/bash
# The main job with curl, each request as SAP's documentation shapes it. Wants HOST (without a slash
# at its end), CLIENT_ID and CLIENT_SECRET, and keeps token and cookies in the folder STATE.
# Prints what the server answers, the status on standard error; ends with 22 if that is an error.

set -euo pipefail

ask() {
    curl --silent --show-error --fail-with-body --write-out '%{stderr}%{http_code}\n' \
        --header "Authorization: Bearer $(<"$STATE/token")" "$@"
}

write() {
    ask --cookie "$STATE/cookies" --header "X-CSRF-Token: $(<"$STATE/csrf")" "$@"
}

hex() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# Every byte percent-encoded, which no part of an address minds.
encoded() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%'
}

# The service key's clientid and clientsecret, the grant type in the address.
sign_in() {
    curl --silent --show-error --fail --request POST --user "$CLIENT_ID:$CLIENT_SECRET" \
        "$HOST/oauth/token?grant_type=client_credentials" |
        sed -E 's/.*"access_token": ?"([^"]+)".*/\1/' >"$STATE/token"
    ask --cookie-jar "$STATE/cookies" --header 'X-CSRF-Token: Fetch' --dump-header "$STATE/headers" \
        --output /dev/null "$HOST/api/v1/"
    sed -nE 's/^x-csrf-token: ([^\r]+)\r?$/\1/Ip' "$STATE/headers" >"$STATE/csrf"
}

# Atom, as an answer is that nothing is said about.
list() {
    ask "$HOST/api/v1/KeystoreEntries?keystoreName=system"
}

generate() {
    write --request POST "$HOST/api/v1/KeyPairGenerationRequests?returnKeystoreEntries=false" \
        --header 'Content-Type: application/json;charset=utf-8' \
        --header 'Accept: application/json' \
        --data "{\"Hexalias\":\"00\",\"Alias\":\"$1\",\"KeyType\":\"RSA\",\"KeySize\":2048,
                 \"SignatureAlgorithm\":\"SHA-256/RSA\",\"CommonName\":\"$2\",\"Country\":\"DE\"}"
}

show() {
    ask "$HOST/api/v1/KeystoreEntries('$(hex "$1")')" --header 'Accept: application/json'
}

signing_request() {
    ask "$HOST/api/v1/KeystoreEntries('$(hex "$1")')/SigningRequest/\$value" \
        --header 'Content-Type: application/pkcs10'
}

upload() {
    write --request PUT --data-binary "@$2" --header 'Content-Type: application/pkcs7-mime' \
        --header 'Accept: application/json' "$HOST/api/v1/CertificateChainResources('$(hex "$1")')/\$value?fingerprintVerified=$3&returnKeystoreEntries=false"
}

chain() {
    ask "$HOST/api/v1/KeystoreEntries('$(hex "$1")')/ChainCertificates?keystoreName=system" \
        --header 'Accept: application/json'
}

rename() {
    write --request PUT --header 'Content-Type: application/json' --data '{"Status":null}' \
        "$HOST/api/v1/KeystoreEntries('$(hex "$1")')?renameAlias=$(encoded "$2")"
}

delete() {
    write --request DELETE "$HOST/api/v1/KeystoreEntries('$(hex "$1")')"
}

"$@"

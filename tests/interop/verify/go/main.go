// Verifies tokens with golang-jwt, from the JWKS of the issuer alone. Reads one request a line: {token, alg,
// audience, secret?}; writes one answer a line: {kid, sub} or {error}. Reads ISSUER and CA_FILE.
package main

import (
	"bufio"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

type request struct {
	Token    string `json:"token"`
	Alg      string `json:"alg"`
	Audience string `json:"audience"`
	Secret   string `json:"secret"`
}

type answer struct {
	Kid   any    `json:"kid"`
	Sub   string `json:"sub,omitempty"`
	Error string `json:"error,omitempty"`
}

var (
	issuer = os.Getenv("ISSUER")
	client = &http.Client{}
)

// published fetches the key that the token names, anew for each token: what is tested is the server's word
// of this moment, not a cache.
func published(token *jwt.Token) (any, error) {
	response, err := client.Get(issuer + ".well-known/jwks.json")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var set struct {
		Keys []struct{ Kty, Use, Kid, N, E string }
	}
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return nil, err
	}
	for _, key := range set.Keys {
		if key.Kid != token.Header["kid"] || key.Kty != "RSA" || key.Use != "sig" {
			continue
		}
		n, err := base64.RawURLEncoding.DecodeString(key.N)
		if err != nil {
			return nil, err
		}
		e, err := base64.RawURLEncoding.DecodeString(key.E)
		if err != nil {
			return nil, err
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	return nil, fmt.Errorf("no key %v in the JWKS", token.Header["kid"])
}

func verify(asked request) answer {
	find := published
	if asked.Secret != "" {
		find = func(*jwt.Token) (any, error) { return []byte(asked.Secret), nil }
	}
	token, err := jwt.Parse(asked.Token, find, jwt.WithValidMethods([]string{asked.Alg}),
		jwt.WithIssuer(issuer), jwt.WithAudience(asked.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil {
		return answer{Error: err.Error()}
	}
	subject, err := token.Claims.GetSubject()
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Kid: token.Header["kid"], Sub: subject}
}

func main() {
	if file := os.Getenv("CA_FILE"); file != "" {
		authority, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authority)
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(verify(asked)); err != nil {
			log.Fatal(err)
		}
	}
}

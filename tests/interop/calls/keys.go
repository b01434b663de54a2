// The signing keys over the Management API with Go's net/http. Reads ISSUER, TOKEN and CA_FILE.
package main

import (
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

type key struct {
	Kid        string
	Cert       string
	Thumbprint string
	Current    bool
	Next       bool
	Previous   bool
	Revoked    bool
}

var client = &http.Client{}

func call(method, path string, status int, into any) {
	request, err := http.NewRequest(method, os.Getenv("ISSUER")+"api/v2/"+path, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		log.Fatalf("%s %s answered %d, expected %d: %s %v", method, path, response.StatusCode, status, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		log.Fatal(err)
	}
}

func main() {
	if file := os.Getenv("CA_FILE"); file != "" {
		authority, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authority)
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	}

	var keys []key
	call("GET", "keys/signing", 200, &keys)
	var current, next []key
	for _, one := range keys {
		if one.Current {
			current = append(current, one)
		}
		if one.Next {
			next = append(next, one)
		}
		block, _ := pem.Decode([]byte(one.Cert))
		if block == nil {
			log.Fatalf("no PEM: %q", one.Cert)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			log.Fatal(err)
		}
		if sum := sha1.Sum(block.Bytes); strings.ToUpper(hex.EncodeToString(sum[:])) != one.Thumbprint {
			log.Fatalf("the thumbprint of %s is wrong", one.Kid)
		}
	}
	if len(current) != 1 || len(next) != 1 {
		log.Fatalf("%d current and %d next keys", len(current), len(next))
	}

	var rotated, revoked map[string]string
	call("POST", "keys/signing/rotate", 201, &rotated)
	if len(rotated) != 2 || rotated["kid"] == "" || rotated["cert"] == "" {
		log.Fatalf("rotate answered %v", rotated)
	}
	var now key
	call("GET", "keys/signing/"+next[0].Kid, 200, &now)
	if !now.Current {
		log.Fatal("the former next key is not the current one")
	}

	call("PUT", "keys/signing/"+current[0].Kid+"/revoke", 200, &revoked)
	if revoked["kid"] != current[0].Kid || revoked["cert"] != current[0].Cert {
		log.Fatalf("revoke answered %v", revoked)
	}
}

package ec2

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
	"github.com/cairn-audit/cairn/internal/sandbox/sshkey"
)

func keyKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: "key-pair", Shape: "KeyPairInfo", ID: "KeyPairId", NewID: engine.Hex("key-", 17), Tags: "Tags",
		Resolve: func(x *engine.Exec, ref string) string {
			for _, k := range x.List("ec2/key-pair") {
				if k.Str("KeyName") == ref {
					return k.ID
				}
			}
			return ref
		},
		Unknown: engine.Refuse("InvalidKeyPair.NotFound", "The key pair '{id}' does not exist"),
		New: []engine.Field{
			engine.Make("CreateTime", engine.Now()), engine.Be("KeyType", "rsa"), engine.Make("Tags", engine.Empty()),
		},
		Unique: []engine.Unique{{
			Paths: []string{"KeyName"},
			Taken: engine.Refuse("InvalidKeyPair.Duplicate", "The keypair already exists"),
		}},
		Filters: map[string]string{"fingerprint": "KeyFingerprint"},
	}}
}

func keyOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateKeyPair", Do: engine.Write(createKey), Free: []string{"KeyName"}},
		{Name: "ImportKeyPair", Do: engine.Create{Kind: "key-pair", Set: []engine.Field{
			engine.Make("KeyName", engine.Param("KeyName")),
			engine.Make("KeyFingerprint", engine.Func(importKey, "PublicKeyMaterial")),
		}}},
		{Name: "DescribeKeyPairs", Do: engine.Describe{Kind: "key-pair", IDs: []string{"KeyPairIds", "KeyNames"}}},
		{Name: "DeleteKeyPair", Do: engine.Write(deleteKey), Free: []string{"KeyName", "KeyPairId"}},
	}
}

// createKey makes a key and forgets its private half.
func createKey(x *engine.Exec) (map[string]any, error) {
	kind := x.Params.Str("KeyType")
	if kind == "" {
		kind = "rsa"
	}
	var key any
	var err error
	switch kind {
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, invalidValue("Invalid value '" + kind + "' for keyType.").With()
	}
	if err != nil {
		return nil, fmt.Errorf("make a key pair: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	fingerprint, block := sshkey.OfPrivate(der), &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if key, ok := key.(*rsa.PrivateKey); ok {
		block = &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	} else {
		sum := sha256.Sum256(der)
		fingerprint = base64.StdEncoding.EncodeToString(sum[:])
	}
	r, err := x.Add("key-pair", engine.Attrs{
		"KeyName": x.Params.Str("KeyName"), "KeyType": kind, "KeyFingerprint": fingerprint, "Tags": x.TagsFor("key-pair"),
	})
	if err != nil {
		return nil, err
	}
	out := project(x, "KeyPair", r.Attrs)
	out["KeyMaterial"] = string(pem.EncodeToMemory(block))
	return out, nil
}

func importKey(x *engine.Exec, a engine.Attrs) (any, error) {
	material, _ := x.Params["PublicKeyMaterial"].([]byte)
	key, err := sshkey.Parse(string(material))
	if err != nil {
		return nil, engine.Refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format").With()
	}
	a.Set("PublicKey", string(material))
	if key.Type == "ssh-ed25519" {
		a.Set("KeyType", "ed25519")
	}
	return key.Fingerprint(), nil
}

// deleteKey succeeds where there is nothing to delete.
func deleteKey(x *engine.Exec) (map[string]any, error) {
	out := map[string]any{"Return": true}
	for _, ref := range []string{x.Params.Str("KeyPairId"), x.Params.Str("KeyName")} {
		if ref == "" {
			continue
		}
		if r := x.Look("key-pair", ref); r != nil {
			x.Remove("key-pair", r.ID)
			out["KeyPairId"] = r.ID
		}
		return out, nil
	}
	return nil, missing("KeyName").With()
}

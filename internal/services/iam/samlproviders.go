package iam

import (
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/saml"
)

var samlOperations = map[string]operation{
	"CreateSAMLProvider": {writes, createSAMLProvider},
	"GetSAMLProvider":    {reads, getSAMLProvider},
	"ListSAMLProviders":  {reads, listSAMLProviders},
	"UpdateSAMLProvider": {writes, updateSAMLProvider},
	"DeleteSAMLProvider": {writes, func(r *request) (answer, error) {
		return nil, r.tx.DeleteSAMLProvider(r.text("SAMLProviderArn"))
	}},
}

// maxMetadata is how long metadata may be, in bytes. IAM takes ten times as
// much; those of one provider have some kilobytes.
const maxMetadata = 1 << 20

// metadata reads the metadata that a call gives into a provider.
func (r *request) metadata(p *identity.SAMLProvider) error {
	text := r.text("SAMLMetadataDocument")
	if len(text) > maxMetadata {
		return identity.Refuse(identity.LimitExceeded, "The metadata are longer than %d bytes.", maxMetadata)
	}
	read, err := saml.ParseMetadata([]byte(text))
	if err != nil {
		return identity.Refuse(identity.InvalidInput, "Could not parse metadata")
	}
	p.Metadata, p.ValidUntil = text, read.ValidUntil
	return nil
}

// encryption refuses what would have assertions encrypted: there are no keys for
// that here.
func (r *request) encryption() error {
	if r.text("AddPrivateKey") != "" || r.text("RemovePrivateKey") != "" || r.text("AssertionEncryptionMode") == "Required" {
		return identity.Refuse(identity.InvalidInput, "This endpoint's IAM does not take encrypted assertions.")
	}
	return nil
}

func createSAMLProvider(r *request) (answer, error) {
	if err := r.encryption(); err != nil {
		return nil, err
	}
	p := identity.SAMLProvider{Entity: r.entity("Name")}
	if err := r.metadata(&p); err != nil {
		return nil, err
	}
	p, err := r.tx.SAMLProviders().Create(p)
	out := answer{"SAMLProviderArn": p.ARN(r.call.AccountID)}
	if len(p.Tags) > 0 {
		out["Tags"] = describeTags(p.Tags)
	}
	return out, err
}

func getSAMLProvider(r *request) (answer, error) {
	p, err := r.tx.SAMLProvider(r.text("SAMLProviderArn"))
	return answer{
		"SAMLMetadataDocument": p.Metadata, "CreateDate": p.Created, "ValidUntil": p.ValidUntil, "Tags": describeTags(p.Tags),
	}, err
}

func listSAMLProviders(r *request) (answer, error) {
	providers, err := r.tx.SAMLProviders().Select(all[identity.SAMLProvider])
	list := make([]any, len(providers))
	for i := range providers {
		p := &providers[i]
		list[i] = answer{"Arn": p.ARN(r.call.AccountID), "CreateDate": p.Created, "ValidUntil": p.ValidUntil}
	}
	return answer{"SAMLProviderList": list}, err
}

func updateSAMLProvider(r *request) (answer, error) {
	if err := r.encryption(); err != nil {
		return nil, err
	}
	p, err := r.tx.ChangeSAMLProvider(r.text("SAMLProviderArn"), func(p *identity.SAMLProvider) error {
		if r.text("SAMLMetadataDocument") == "" {
			return nil
		}
		return r.metadata(p)
	})
	return answer{"SAMLProviderArn": p.ARN(r.call.AccountID)}, err
}

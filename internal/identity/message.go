package identity

import (
	"encoding/base64"
	"errors"
)

// ErrMessage says that an encoded message is not one of Cairn's.
var ErrMessage = errors.New("the encoded message is not valid")

// messageContext is what authorization messages of an account are sealed for.
func messageContext(account string) []byte { return []byte("authorization-message/" + account) }

// EncodeMessage seals what a caller of an account may know of a refusal only if it
// is allowed to call DecodeAuthorizationMessage.
func (d *Directory) EncodeMessage(account string, message []byte) string {
	return base64.RawURLEncoding.EncodeToString(d.tokens.Seal(message, messageContext(account)))
}

// DecodeMessage opens a message that EncodeMessage sealed for the account, or
// fails with ErrMessage.
func (d *Directory) DecodeMessage(account, encoded string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, ErrMessage
	}
	message, err := d.tokens.Open(sealed, messageContext(account))
	if err != nil {
		return nil, ErrMessage
	}
	return message, nil
}

package identity

import (
	"encoding/base64"
	"errors"
)

// ErrMessage says that an encoded message is not one of Cairn's.
var ErrMessage = errors.New("the encoded message is not valid")

// messageContext is what authorization messages are sealed for.
const messageContext = "authorization-message"

// EncodeMessage seals what a caller may know of a refusal only if it is allowed
// to call DecodeAuthorizationMessage.
func (d *Directory) EncodeMessage(message []byte) string {
	return base64.RawURLEncoding.EncodeToString(d.tokens.Seal(message, []byte(messageContext)))
}

// DecodeMessage opens a message that EncodeMessage sealed, or fails with
// ErrMessage.
func (d *Directory) DecodeMessage(encoded string) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, ErrMessage
	}
	message, err := d.tokens.Open(sealed, []byte(messageContext))
	if err != nil {
		return nil, ErrMessage
	}
	return message, nil
}

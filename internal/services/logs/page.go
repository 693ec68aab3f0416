package logs

import (
	"encoding/base64"
	"encoding/json"
)

// Tokens are places in what is read, in a form that clients leave alone. They
// prove nothing: who holds one may read what it points to anyway.
var tokens = base64.RawURLEncoding.Strict()

func token(place any) (string, error) {
	b, err := json.Marshal(place)
	return tokens.EncodeToString(b), err
}

func readToken(given string, place any) error {
	b, err := tokens.DecodeString(given)
	if err == nil {
		err = json.Unmarshal(b, place)
	}
	if err != nil {
		return refuse("InvalidParameterException", "The specified nextToken is invalid.")
	}
	return nil
}

// next is where a list goes on: after the element of a key.
type next struct{ After string }

// page cuts a list. Where the element that a token names has gone meanwhile, the
// list is at its end.
func page[T any](c *call, all []T, key func(*T) string) ([]T, string, error) {
	limit := int(c.number("limit", maxDescribed))
	start := 0
	if given := c.text("nextToken"); given != "" {
		var from next
		if err := readToken(given, &from); err != nil {
			return nil, "", err
		}
		for start < len(all) && key(&all[start]) != from.After {
			start++
		}
		start = min(start+1, len(all))
	}
	end := min(start+limit, len(all))
	if end == len(all) {
		return all[start:], "", nil
	}
	t, err := token(next{After: key(&all[end-1])})
	return all[start:end], t, err
}

package cloudtraildata

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep eventData can be nested. Readers of records have limits;
// what is stored must be readable for all of them.
const maxDepth = 64

// checkJSON demands a JSON object that readers cannot disagree about: no member
// given twice (some take the first, others the last), and on the two levels
// whose members have a meaning, not in another case either (some do not tell
// them apart). Otherwise a record could show one thing to a search and another
// to an auditor.
func checkJSON(data string) error {
	if !utf8.ValidString(data) {
		return errors.New("it is not UTF-8")
	}
	if !json.Valid([]byte(data)) {
		return errors.New("it is not JSON")
	}
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber() // any number is kept as it is
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return errors.New("it is not an object")
	}
	return checkObject(d, 1, true)
}

// checkObject reads the rest of an object whose brace was read. Names are folded
// where folded is set.
func checkObject(d *json.Decoder, depth int, folded bool) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		distinct := name
		if folded {
			distinct = fold(name)
		}
		if seen[distinct] {
			return fmt.Errorf("a member is there twice (%.40q)", name)
		}
		seen[distinct] = true
		if err := checkValue(d, depth, folded && depth == 1 && name == "userIdentity"); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func checkValue(d *json.Decoder, depth int, folded bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if depth >= maxDepth && (token == json.Delim('{') || token == json.Delim('[')) {
		return fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	switch token {
	case json.Delim('{'):
		return checkObject(d, depth+1, folded)
	case json.Delim('['):
		for d.More() {
			if err := checkValue(d, depth+1, false); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return err
	}
	return nil
}

// fold makes names equal that strings.EqualFold finds equal.
func fold(s string) string { return strings.ToLower(strings.ToUpper(s)) }

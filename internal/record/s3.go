package record

import (
	"encoding/json"
)

var s3Names, s3controlNames map[string]string

func s3Request(rules *serviceRules, c *Call) json.RawMessage { return null }
func s3Answer(rules *serviceRules, c *Call) json.RawMessage  { return null }
func s3Additional(c *Call) json.RawMessage                   { return nil }

package record

import "encoding/json"

type legacyPlan struct{}

func (b *Builder) legacyRequest(rules *serviceRules, c *Call) json.RawMessage { return null }
func (b *Builder) legacyAnswer(rules *serviceRules, c *Call) json.RawMessage  { return null }

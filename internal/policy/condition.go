package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Condition is one key of a statement's Condition element under one operator.
// All conditions of a statement have to hold.
type Condition struct {
	Operator string // as written: "ForAllValues:StringLikeIfExists"
	Key      string // as written
	Values   []string

	key      string
	set      setOperator
	ifExists bool
	negated  bool
	null     bool
	tests    []test
}

type setOperator byte

const (
	noSet setOperator = iota
	forAllValues
	forAnyValue
)

var setPrefixes = map[string]setOperator{
	"ForAllValues:": forAllValues,
	"ForAnyValue:":  forAnyValue,
}

// test reports whether a value of the request matches a value of the policy.
type test func(c *Context, value string) bool

// operator is a row of the table of operators.
type operator struct {
	// negated operators hold where none of the policy's values matches, and
	// where the key is missing.
	negated bool
	// compile reads a value of the policy.
	compile func(value string, variables bool) (test, error)
}

const nullOperator = "Null"

// operators are those of reference_policies_elements_condition_operators.
var operators = map[string]operator{
	"StringEquals":              {false, compileEquals},
	"StringNotEquals":           {true, compileEquals},
	"StringEqualsIgnoreCase":    {false, compileEqualsFold},
	"StringNotEqualsIgnoreCase": {true, compileEqualsFold},
	"StringLike":                {false, compileLike},
	"StringNotLike":             {true, compileLike},

	"NumericEquals":            {false, numeric(func(c int) bool { return c == 0 })},
	"NumericNotEquals":         {true, numeric(func(c int) bool { return c == 0 })},
	"NumericLessThan":          {false, numeric(func(c int) bool { return c < 0 })},
	"NumericLessThanEquals":    {false, numeric(func(c int) bool { return c <= 0 })},
	"NumericGreaterThan":       {false, numeric(func(c int) bool { return c > 0 })},
	"NumericGreaterThanEquals": {false, numeric(func(c int) bool { return c >= 0 })},

	"DateEquals":            {false, date(func(c int) bool { return c == 0 })},
	"DateNotEquals":         {true, date(func(c int) bool { return c == 0 })},
	"DateLessThan":          {false, date(func(c int) bool { return c < 0 })},
	"DateLessThanEquals":    {false, date(func(c int) bool { return c <= 0 })},
	"DateGreaterThan":       {false, date(func(c int) bool { return c > 0 })},
	"DateGreaterThanEquals": {false, date(func(c int) bool { return c >= 0 })},

	"Bool":         {false, compileBool},
	"BinaryEquals": {false, compileBinary},
	"IpAddress":    {false, compileIP},
	"NotIpAddress": {true, compileIP},

	// "The ArnEquals and ArnLike condition operators behave identically."
	"ArnEquals":    {false, compileARN},
	"ArnLike":      {false, compileARN},
	"ArnNotEquals": {true, compileARN},
	"ArnNotLike":   {true, compileARN},

	// Only the key's presence is looked at.
	nullOperator: {false, compileNull},
}

// newCondition compiles a condition. The error says what is wrong in the
// policy's values or operator.
func newCondition(name, key string, values []string, variables bool) (Condition, error) {
	c := Condition{Operator: name, Key: key, Values: values, key: foldKey(key)}
	base := name
	for prefix, set := range setPrefixes {
		if rest, ok := strings.CutPrefix(base, prefix); ok {
			base, c.set = rest, set
			break
		}
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	op, ok := operators[base]
	c.null = base == nullOperator
	if !ok || c.null && (c.ifExists || c.set != noSet) {
		return c, &SyntaxError{Message: syntaxErrors, Detail: fmt.Sprintf("no condition operator %q", name)}
	}
	c.negated = op.negated
	for _, value := range values {
		t, err := op.compile(value, variables)
		if err != nil {
			return c, &SyntaxError{Message: legacyParsing, Detail: fmt.Sprintf("%s of %s: %v", name, key, err)}
		}
		c.tests = append(c.tests, t)
	}
	return c, nil
}

// holds decides the condition.
func (c *Condition) holds(ctx *Context) bool {
	values := ctx.values[c.key]
	if c.null {
		present := len(values) > 0
		return slices.ContainsFunc(c.tests, func(t test) bool { return t(ctx, fmt.Sprint(!present)) })
	}
	if c.ifExists && len(values) == 0 {
		return true
	}
	switch c.set {
	case forAllValues:
		// "It also returns true if there are no context keys in the request,
		// or if the context key value resolves to a null dataset, such as an
		// empty string."
		return empty(values) || !slices.ContainsFunc(values, func(v string) bool { return !c.one(ctx, v) })
	case forAnyValue:
		return !empty(values) && slices.ContainsFunc(values, func(v string) bool { return c.one(ctx, v) })
	}
	// A key of several values calls for a set operator. Without one, a value
	// that matches is enough, and a negated operator holds if none does.
	matched := slices.ContainsFunc(values, func(v string) bool { return c.matches(ctx, v) })
	return matched != c.negated
}

// one decides the condition for one value of the request.
func (c *Condition) one(ctx *Context, value string) bool { return c.matches(ctx, value) != c.negated }

func (c *Condition) matches(ctx *Context, value string) bool {
	return slices.ContainsFunc(c.tests, func(t test) bool { return t(ctx, value) })
}

// empty reports whether there is no value but the empty string.
func empty(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return v != "" })
}

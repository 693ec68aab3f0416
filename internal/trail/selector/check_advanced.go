package selector

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Operators yields the field's operators by name, with and without values.
func (f *Field) Operators() iter.Seq2[string, *[]string] {
	return func(yield func(string, *[]string) bool) {
		_ = yield("Equals", &f.Equals) && yield("StartsWith", &f.StartsWith) && yield("EndsWith", &f.EndsWith) &&
			yield("NotEquals", &f.NotEquals) && yield("NotStartsWith", &f.NotStartsWith) && yield("NotEndsWith", &f.NotEndsWith)
	}
}

// fieldRule is what a field of a category can be compared with.
type fieldRule struct {
	required  bool
	operators []string // nil: all
	single    bool     // one value
	values    []string // nil: any
	form      *regexp.Regexp
}

var (
	equals    = []string{"Equals"}
	truth     = fieldRule{operators: equals, single: true, values: []string{"true", "false"}}
	category  = fieldRule{required: true, operators: equals, single: true}
	anything  = fieldRule{}
	typeNames = regexp.MustCompile(`^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$`)
)

// advancedRules are the fields of the categories of event that a trail can log
// (API Reference, AdvancedFieldSelector; User Guide, "Filtering data events").
// Of event data stores there are more fields and categories.
var advancedRules = map[string]map[string]fieldRule{
	management: {
		"eventCategory": category,
		"readOnly":      truth,
		"eventSource":   {operators: []string{"NotEquals"}, values: excludable},
	},
	data: {
		"eventCategory":                category,
		resourceType:                   {required: true, operators: equals, single: true, form: typeNames},
		"readOnly":                     truth,
		"eventSource":                  anything,
		"eventName":                    anything,
		"eventType":                    anything,
		resourceARN:                    anything,
		"userIdentity.arn":             anything,
		"sessionCredentialFromConsole": {operators: []string{"Equals", "NotEquals"}, values: []string{"true", "false"}},
	},
	networkActivity: {
		"eventCategory": category,
		"eventSource":   {required: true, operators: equals, single: true},
		"eventName":     anything,
		"errorCode":     {operators: equals, single: true, values: []string{"VpceAccessDenied"}},
		"vpcEndpointId": anything,
	},
}

// check returns how many values the selector has.
func (a *Advanced) check() (values int, err error) {
	if length(a.Name) > maxNameLength {
		return 0, invalid("The name of an advanced event selector can have %d characters.", maxNameLength)
	}
	rules, kind, err := a.rules()
	if err != nil {
		return 0, err
	}
	seen := make(map[string]bool, len(a.Fields))
	for i := range a.Fields {
		f := &a.Fields[i]
		rule, known := rules[f.Field]
		if !known {
			return 0, invalid("The field %s is not valid in a selector of a trail whose eventCategory is %s. Valid fields: %s.",
				f.Field, kind, strings.Join(slices.Sorted(maps.Keys(rules)), ", "))
		}
		if seen[f.Field] {
			return 0, invalid("The field %s is given twice in an advanced event selector.", f.Field)
		}
		seen[f.Field] = true
		n, err := f.check(rule)
		if err != nil {
			return 0, err
		}
		values += n
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if rules[name].required && !seen[name] {
			return 0, invalid("An advanced event selector whose eventCategory is %s must have a field selector of %s.", kind, name)
		}
	}
	return values, nil
}

// rules finds those of the selector's category.
func (a *Advanced) rules() (rules map[string]fieldRule, kind string, err error) {
	i := slices.IndexFunc(a.Fields, func(f Field) bool { return f.Field == "eventCategory" })
	if i < 0 || len(a.Fields[i].Equals) == 0 {
		return nil, "", invalid("An advanced event selector must have a field selector that says which eventCategory equals what.")
	}
	kind = a.Fields[i].Equals[0]
	if rules = advancedRules[kind]; rules == nil {
		return nil, "", invalid("The value %s of eventCategory is not valid for a trail. Use %s, %s or %s.", kind, management, data, networkActivity)
	}
	return rules, kind, nil
}

// check returns how many values the field has.
func (f *Field) check(rule fieldRule) (values int, err error) {
	for name, given := range f.Operators() {
		if len(*given) == 0 {
			continue
		}
		if rule.operators != nil && !slices.Contains(rule.operators, name) {
			return 0, invalid("The operator %s is not valid for the field %s. Use %s.", name, f.Field, strings.Join(rule.operators, " or "))
		}
		values += len(*given)
		for _, v := range *given {
			if err := rule.check(f.Field, v); err != nil {
				return 0, err
			}
		}
	}
	switch {
	case values == 0:
		return 0, invalid("The field %s must have an operator with a value.", f.Field)
	case rule.single && values > 1:
		return 0, invalid("The field %s can have one value.", f.Field)
	}
	return values, nil
}

// check holds a value of a field to the rule.
func (r *fieldRule) check(field, value string) error {
	switch {
	case value == "" || length(value) > maxValueLength:
		return invalid("A value of the field %s must have 1 to %d characters.", field, maxValueLength)
	case r.values != nil && !slices.Contains(r.values, value):
		return invalid("The value %s is not valid for the field %s. Use %s.", value, field, strings.Join(r.values, " or "))
	case r.form != nil && !r.form.MatchString(value):
		return invalid("The value %s is not valid for the field %s.", value, field)
	}
	return nil
}

package selector

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a trail's selectors ("Quotas in AWS CloudTrail", API Reference).
const (
	maxBasic         = 5
	maxDataResources = 250 // over all selectors; values that stand for all do not count
	maxValues        = 500 // over all advanced selectors
	maxNameLength    = 1000
	maxValueLength   = 2048
)

// InvalidError says what is wrong with selectors, in a sentence.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }

func invalid(format string, args ...any) error {
	return &InvalidError{Reason: fmt.Sprintf(format, args...)}
}

// Check reports whether a trail can have the selectors. The error is an
// *InvalidError. The zero Set, which is a new trail's, is valid.
func (s *Set) Check() error {
	if len(s.Basic) > 0 && len(s.Advanced) > 0 {
		return invalid("You can use either EventSelectors or AdvancedEventSelectors, but not both.")
	}
	if err := checkBasic(s.Basic); err != nil {
		return err
	}
	values := 0
	for i := range s.Advanced {
		n, err := s.Advanced[i].check()
		if err != nil {
			return err
		}
		values += n
	}
	if values > maxValues {
		return invalid("The advanced event selectors have %d values. A trail can have %d in all conditions.", values, maxValues)
	}
	return nil
}

// s3Object is the type of resource whose ARNs a basic selector compares by their
// beginning.
const s3Object = "AWS::S3::Object"

// dataForms are the types of data resource that basic selectors know, and what a
// value can be beside one that stands for all: for S3 a bucket with a slash and
// the beginning of a key, for the others the ARN of one resource.
var dataForms = map[string]*regexp.Regexp{
	s3Object:                regexp.MustCompile(`^arn:aws[a-z-]*:s3:::[^/*]+/[^*]*$`),
	"AWS::Lambda::Function": regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9._$:-]+$`),
	"AWS::DynamoDB::Table":  regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9._-]+$`),
}

// allForms are the values that stand for all resources of a type.
var allForms = map[string]*regexp.Regexp{
	s3Object:                regexp.MustCompile(`^arn:aws[a-z-]*:s3(:::)?$`),
	"AWS::Lambda::Function": regexp.MustCompile(`^arn:aws[a-z-]*:lambda$`),
	"AWS::DynamoDB::Table":  regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb$`),
}

// isAll reports whether a value that is valid stands for all of its type.
func isAll(value string) bool {
	return strings.Count(value, ":") == 2 || strings.HasSuffix(value, ":s3:::")
}

// excludable are the services whose management events can be left out.
var excludable = []string{"kms.amazonaws.com", "rdsdata.amazonaws.com"}

func checkBasic(list []Basic) error {
	if len(list) > maxBasic {
		return invalid("Specify a valid number of selectors (1 to %d) for your trail.", maxBasic)
	}
	resources := 0
	for i := range list {
		n, err := list[i].check()
		if err != nil {
			return err
		}
		resources += n
	}
	if resources > maxDataResources {
		return invalid("Specify a valid number of DataResources.Values (0 to %d) for all your selectors.", maxDataResources)
	}
	return nil
}

// check returns how many data resources count against the limit. The messages
// that AWS is known to give are those of reports of people who got them.
func (b *Basic) check() (resources int, err error) {
	if !slices.Contains([]string{All, ReadOnly, WriteOnly}, b.ReadWriteType) {
		return 0, invalid("Value %s for ReadWriteType is invalid. Use ReadOnly, WriteOnly or All.", b.ReadWriteType)
	}
	for _, source := range b.ExcludeManagementSources {
		if !slices.Contains(excludable, source) {
			return 0, invalid("Value %s for ExcludeManagementEventSources is invalid. Use %s.", source, strings.Join(excludable, " or "))
		}
	}
	if !b.IncludeManagementEvents && len(b.DataResources) == 0 {
		return 0, invalid("Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, DataResources must not be empty.")
	}
	for _, d := range b.DataResources {
		form, known := dataForms[d.Type]
		if !known {
			return 0, invalid("Value %s for DataResources.Type is invalid. Valid values are: %s", d.Type,
				strings.Join(slices.Sorted(maps.Keys(dataForms)), ", "))
		}
		for _, v := range d.Values {
			if allForms[d.Type].MatchString(v) {
				continue
			}
			if len(v) > maxValueLength || !form.MatchString(v) {
				return 0, invalid("Value %s for DataResources.Values is invalid.", v)
			}
			resources++
		}
	}
	return resources, nil
}

// length counts characters.
func length(s string) int { return utf8.RuneCountInString(s) }

package access

import "strings"

// tagMembers are where requests have tags, as a list of keys with values or as a
// map.
var tagMembers = []string{"Tags", "tags", "TagList", "TagSet", "Tagging.TagSet"}

// RequestTags are the tags that a call puts on a resource, or asks to be taken
// away: the values by key, of aws:RequestTag, and the keys, of aws:TagKeys. EC2's
// requests say for which kind of resource their tags are; those for another kind
// than the resource's are left out.
func RequestTags(params map[string]any, resource string) (values map[string]string, keys []string) {
	values = map[string]string{}
	note := func(key, value string) {
		if _, again := values[key]; !again {
			keys = append(keys, key)
		}
		values[key] = value
	}
	for _, member := range tagMembers {
		eachTag(at(params, member), note)
	}
	specifications, _ := params["TagSpecifications"].([]any)
	for _, specification := range specifications {
		s, _ := specification.(map[string]any)
		if s["ResourceType"] == kindOf(resource) {
			eachTag(s["Tags"], note)
		}
	}
	for _, member := range []string{"TagKeys", "tagKeys"} {
		keys = append(keys, lookup(params, []string{member})...)
	}
	return values, keys
}

func at(params map[string]any, member string) any {
	outer, inner, nested := strings.Cut(member, ".")
	if !nested {
		return params[outer]
	}
	within, _ := params[outer].(map[string]any)
	return within[inner]
}

func eachTag(tags any, f func(key, value string)) {
	switch tags := tags.(type) {
	case map[string]any:
		for key, value := range tags {
			text, _ := value.(string)
			f(key, text)
		}
	case []any:
		for _, element := range tags {
			tag, _ := element.(map[string]any)
			key, value := "", ""
			for name, v := range tag {
				switch text, _ := v.(string); strings.TrimPrefix(strings.ToLower(name), "tag") {
				case "key":
					key = text
				case "value":
					value = text
				}
			}
			if key != "" {
				f(key, value)
			}
		}
	}
}

// kindOf is the kind of a resource in its ARN: "instance" of
// "arn:aws:ec2:us-east-1:111122223333:instance/*".
func kindOf(resource string) string {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	return kind
}

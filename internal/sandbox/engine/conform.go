package engine

import (
	"fmt"
	"slices"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// Conform reports what of an answer the output shape does not have, or has with
// another type.
func Conform(shape *awsapi.Shape, out map[string]any) error {
	if shape == nil {
		if len(out) > 0 {
			return fmt.Errorf("the operation has no output, yet answers %d members", len(out))
		}
		return nil
	}
	return conform(shape, out, shape.Name)
}

func conform(shape *awsapi.Shape, v any, at string) error {
	switch v := v.(type) {
	case map[string]any:
		if shape.Document {
			return nil
		}
		for name, e := range v {
			var inner *awsapi.Shape
			switch {
			case shape.Kind == awsapi.Map:
				inner = shape.Value.Shape
			case shape.Member(name) != nil:
				inner = shape.Member(name).Shape
			default:
				return fmt.Errorf("%s has no member %s", at, name)
			}
			if err := conform(inner, e, at+"."+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if shape.Kind != awsapi.List {
			return fmt.Errorf("%s is a %s, not a list", at, shape.Kind)
		}
		for _, e := range v {
			if err := conform(shape.Elem.Shape, e, at+"[]"); err != nil {
				return err
			}
		}
		return nil
	}
	if !slices.Contains(kindsOf(v), shape.Kind) {
		return fmt.Errorf("%s is a %s, not a %T", at, shape.Kind, v)
	}
	return nil
}

package eventpattern

import (
	"encoding/json"
)

// comparisons are the operators of {"numeric": [operator, number, …]}.
var comparisons = map[string]func(value, bound float64) bool{
	"=":  func(v, b float64) bool { return v == b },
	"<":  func(v, b float64) bool { return v < b },
	"<=": func(v, b float64) bool { return v <= b },
	">":  func(v, b float64) bool { return v > b },
	">=": func(v, b float64) bool { return v >= b },
}

// numeric reads a comparison, or a lower bound and an upper bound.
func (r *reader) numeric(operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 {
		return nil, wrong("Value of numeric must be an array.")
	}
	if len(list) > 4 {
		return nil, wrong("Too many elements in numeric expression")
	}
	first, low, err := r.comparison(list)
	if err != nil {
		return nil, err
	}
	holds := comparisons[first]
	if len(list) <= 2 {
		return func(v any) bool { n, ok := number(v); return ok && holds(n, low) }, nil
	}
	if first != ">" && first != ">=" {
		return nil, wrong("Too many elements in numeric expression")
	}
	second, high, err := r.comparison(list[2:])
	if err != nil {
		return nil, err
	}
	if second != "<" && second != "<=" {
		return nil, wrong("Bad numeric range operator: %s", second)
	}
	if high <= low {
		return nil, wrong("Bottom must be less than top")
	}
	below := comparisons[second]
	return func(v any) bool { n, ok := number(v); return ok && holds(n, low) && below(n, high) }, nil
}

func (r *reader) comparison(list []any) (operator string, bound float64, err error) {
	operator, ok := list[0].(string)
	if !ok {
		return "", 0, wrong("Invalid member in numeric match: %v", list[0])
	}
	if comparisons[operator] == nil {
		return "", 0, wrong("Unrecognized numeric range operator: %s", operator)
	}
	if len(list) > 1 {
		if n, ok := list[1].(json.Number); ok {
			bound, err = r.number(n)
			return operator, bound, err
		}
	}
	return "", 0, wrong("Value of %s must be numeric", operator)
}

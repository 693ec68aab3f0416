package events

import (
	"strings"

	"github.com/cairn-audit/cairn/internal/rule"
)

var busOperations = map[string]operation{
	"DescribeEventBus": describeBus,
	"ListEventBuses":   listBuses,
	"CreateEventBus":   createBus,
	"PutEvents":        putEvents,
}

// onDefaultBus reports whether the call is about the default bus of its account
// and Region, which a parameter may name by its name or by its ARN.
func (r *request) onDefaultBus(parameter string) error { return r.isDefault(r.params.text(parameter)) }

func (r *request) isDefault(bus string) error {
	if bus == "" || bus == rule.Bus || bus == r.scope.BusARN() {
		return nil
	}
	return refuse(string(rule.NotFound), "Event bus "+bus+" does not exist.")
}

func (r *request) defaultBus() answer {
	return answer{"Name": rule.Bus, "Arn": r.scope.BusARN()}
}

func describeBus(r *request) (answer, error) {
	if err := r.onDefaultBus("Name"); err != nil {
		return nil, err
	}
	return r.defaultBus(), nil
}

func listBuses(r *request) (answer, error) {
	buses := []any{}
	if strings.HasPrefix(rule.Bus, r.params.text("NamePrefix")) {
		buses = append(buses, r.defaultBus())
	}
	return answer{"EventBuses": buses}, nil
}

func createBus(r *request) (answer, error) {
	name := r.params.text("Name")
	if name == rule.Bus {
		return nil, refuse(string(rule.Exists), "Event bus "+rule.Bus+" already exists.")
	}
	return nil, refuse("OperationDisabledException", "The built-in EventBridge has no event buses beside the default one.")
}

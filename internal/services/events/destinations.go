package events

import (
	"cmp"

	"github.com/cairn-audit/cairn/internal/rule"
)

var destinationOperations = map[string]operation{
	"CreateApiDestination":   createDestination,
	"UpdateApiDestination":   updateDestination,
	"DeleteApiDestination":   deleteDestination,
	"DescribeApiDestination": describeDestination,
	"ListApiDestinations":    listDestinations,
}

// checkMethod is needed where a method is given.
func (r *request) checkMethod() error {
	if !r.params.given("HttpMethod") {
		return nil
	}
	return oneOf(r.params.text("HttpMethod"), "httpMethod", "HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS")
}

func createDestination(r *request) (answer, error) {
	if err := r.checkMethod(); err != nil {
		return nil, err
	}
	made, err := r.rules().CreateDestination(rule.Destination{
		Scope: r.scope, Name: r.params.text("Name"), Description: r.params.text("Description"), ConnectionARN: r.params.text("ConnectionArn"),
		Endpoint: r.params.text("InvocationEndpoint"), Method: r.params.text("HttpMethod"), Rate: r.params.number("InvocationRateLimitPerSecond", 0),
	})
	if err != nil {
		return nil, err
	}
	return r.showMade(&made)
}

func updateDestination(r *request) (answer, error) {
	if err := r.checkMethod(); err != nil {
		return nil, err
	}
	changed, err := r.rules().ChangeDestination(r.scope, r.params.text("Name"), func(d *rule.Destination) error {
		if r.params.given("Description") {
			d.Description = r.params.text("Description")
		}
		d.ConnectionARN = cmp.Or(r.params.text("ConnectionArn"), d.ConnectionARN)
		d.Endpoint = cmp.Or(r.params.text("InvocationEndpoint"), d.Endpoint)
		d.Method = cmp.Or(r.params.text("HttpMethod"), d.Method)
		d.Rate = r.params.number("InvocationRateLimitPerSecond", d.Rate)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.showMade(&changed)
}

func deleteDestination(r *request) (answer, error) {
	return nil, r.rules().DeleteDestination(r.scope, r.params.text("Name"))
}

func describeDestination(r *request) (answer, error) {
	d, err := r.rules().Destination(r.scope, r.params.text("Name"))
	if err != nil {
		return nil, err
	}
	out, err := r.showDestination(&d)
	if err != nil {
		return nil, err
	}
	setText(out, "Description", d.Description)
	return out, nil
}

func listDestinations(r *request) (answer, error) {
	return page(r, "ApiDestinations", func(after string, limit int) ([]rule.Destination, bool, error) {
		return r.rules().Destinations(r.scope, r.params.text("NamePrefix"), r.params.text("ConnectionArn"), after, limit)
	}, func(d *rule.Destination) (string, any, error) {
		shown, err := r.showDestination(d)
		return d.Name, shown, err
	})
}

func (r *request) showDestination(d *rule.Destination) (answer, error) {
	out, err := r.showMade(d)
	if err != nil {
		return nil, err
	}
	out["Name"], out["ConnectionArn"] = d.Name, d.ConnectionARN
	out["InvocationEndpoint"], out["HttpMethod"] = d.Endpoint, d.Method
	out["InvocationRateLimitPerSecond"] = int64(cmp.Or(d.Rate, rule.DefaultRate))
	return out, nil
}

// showMade is what the calls that change a destination answer.
func (r *request) showMade(d *rule.Destination) (answer, error) {
	active, err := r.rules().Active(d)
	if err != nil {
		return nil, err
	}
	state := "INACTIVE"
	if active {
		state = "ACTIVE"
	}
	return answer{
		"ApiDestinationArn": d.ARN(), "ApiDestinationState": state, "CreationTime": d.Created, "LastModifiedTime": d.Changed,
	}, nil
}

package ec2

import (
	"slices"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func capacityKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "capacity-reservation", Shape: "CapacityReservation", ID: "CapacityReservationId",
			NewID: engine.Hex("cr-", 17), Prefix: "cr-", Tags: "Tags",
			Unknown:   engine.Refuse("InvalidCapacityReservationId.NotFound", "The capacity reservation ID '{id}' does not exist"),
			Malformed: malformedID("InvalidCapacityReservationId.Malformed", "cr-"),
			States: &engine.States{
				Path: "State", Clock: blockClock, Log: ".passed", Next: map[string]engine.Step{
					"active":          {To: "expired", Until: "EndDate"},
					"payment-pending": {To: "scheduled", Else: blockPayment, After: 10 * time.Second},
					"scheduled":       {To: "active", Else: blockDelivery, Until: "StartDate"},
				},
			},
			First: "active", View: viewReservation,
			New: []engine.Field{
				engine.Make("OwnerId", engine.Text("{account}")),
				engine.Make("CapacityReservationArn", engine.Text(arn+"capacity-reservation/{id}")),
				engine.Make("CreateDate", engine.Now()), engine.Make("StartDate", engine.Now()),
				engine.Make("AvailabilityZoneId", engine.Func(subnetZoneID)),
				engine.Be("Tenancy", "default"), engine.Be("EbsOptimized", false), engine.Be("EphemeralStorage", false),
				engine.Be("EndDateType", "unlimited"), engine.Be("InstanceMatchCriteria", "open"),
				engine.Be("ReservationType", "default"),
			},
		},
	}
}

func capacityOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateCapacityReservation", Free: []string{"InstanceType"}, Do: engine.Create{
			Kind: "capacity-reservation", Check: checkReservation,
			Set: []engine.Field{
				engine.Make("TotalInstanceCount", engine.Param("InstanceCount")),
				engine.Make("AvailabilityZone", engine.Or(engine.Param("AvailabilityZone"), engine.Func(subnetZone, "AvailabilityZoneId"))),
			},
		}},
		{Name: "DescribeCapacityReservations", Do: engine.Describe{Kind: "capacity-reservation"}},
		{Name: "ModifyCapacityReservation", Do: engine.Update{
			Kind: "capacity-reservation", In: []string{"active"},
			Wrong: engine.Refuse("InvalidState", "The Capacity Reservation {CapacityReservationId} is not in the active state."),
			Check: notBlock("modified"),
			Set:   []engine.Field{engine.Make("TotalInstanceCount", engine.Param("InstanceCount"))},
		}},
		{Name: "CancelCapacityReservation", Do: engine.Delete{
			Kind: "capacity-reservation", Into: "cancelled", In: []string{"active"},
			Wrong: engine.Refuse("InvalidState", "The Capacity Reservation {CapacityReservationId} is not in the active state."),
			Check: notBlock("cancelled"),
		}},
	}
}

// notBlock refuses what cannot be done with a Capacity Block.
func notBlock(what string) func(*engine.Exec, *engine.Resource) error {
	return func(_ *engine.Exec, r *engine.Resource) error {
		if r.Str("ReservationType") == "capacity-block" {
			return engine.Refuse("OperationNotPermitted", "A Capacity Block cannot be "+what+".").With()
		}
		return nil
	}
}

func checkReservation(x *engine.Exec) error {
	if x.Look("instance-type", x.Params.Str("InstanceType")) == nil {
		return invalidValue("Invalid value '" + x.Params.Str("InstanceType") + "' for InstanceType.").With()
	}
	if !x.Params.Has("AvailabilityZone") && !x.Params.Has("AvailabilityZoneId") {
		return missing("AvailabilityZone").With()
	}
	if x.Params.Int("InstanceCount") < 1 {
		return invalidValue("Invalid value for instanceCount. Must be at least 1.").With()
	}
	end, kind := x.Params.Time("EndDate"), x.Params.Str("EndDateType")
	if kind == "limited" && end.IsZero() || kind != "limited" && !end.IsZero() {
		return engine.Refuse("InvalidParameterCombination", "EndDate must be given if, and only if, EndDateType is limited.").With()
	}
	if !end.IsZero() && !end.After(x.Now()) {
		return invalidValue("EndDate must be in the future.").With()
	}
	return checkZone(x, x.Params.Str("AvailabilityZone"))
}

// viewReservation counts what instances leave of the capacity.
func viewReservation(x *engine.Exec, a engine.Attrs) {
	var free int64
	if a.Str("State") == "active" {
		used := len(reservedInstances(x, a.Str("CapacityReservationId"), "stopped", "terminated"))
		free = max(a.Int("TotalInstanceCount")-int64(used), 0)
	}
	a.Set("AvailableInstanceCount", free)
}

// reservedInstances are the instances that were launched into a reservation,
// but for those in the given states.
func reservedInstances(x *engine.Exec, reservation string, except ...string) []*engine.Resource {
	var all []*engine.Resource
	for _, i := range x.List("instance") {
		if i.Str("CapacityReservationId") == reservation && !slices.Contains(except, i.Str("State.Name")) {
			all = append(all, i)
		}
	}
	return all
}

// useReservation checks that the instances fit the reservation that the request
// names, if it does.
func (l *launch) useReservation(x *engine.Exec) error {
	id := l.Str("CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId")
	block := l.Str("InstanceMarketOptions.MarketType") == "capacity-block"
	if id == "" {
		if block {
			return engine.Refuse("InvalidParameterCombination",
				"The market type capacity-block needs a Capacity Reservation as its target.").With()
		}
		return nil
	}
	r, err := x.Find("capacity-reservation", id)
	if err != nil {
		return err
	}
	if block != (r.Str("ReservationType") == "capacity-block") {
		return engine.Refuse("InvalidParameterCombination",
			"The market type capacity-block is for Capacity Blocks, and Capacity Blocks are for it.").With()
	}
	if r.Str("InstanceType") != l.Str("InstanceType") || r.Str("AvailabilityZone") != l.subnet.Str("AvailabilityZone") {
		return engine.Refuse("InvalidParameterCombination",
			"The instance type and Availability Zone do not match those of the Capacity Reservation '"+id+"'.").With()
	}
	if block && !x.Now().Before(blockEmptied(x, r)) || x.Shown("capacity-reservation", r).Int("AvailableInstanceCount") < l.Int("MaxCount") {
		return engine.Refuse("ReservationCapacityExceeded",
			"The targeted Capacity Reservation does not have enough available instance capacity to fulfill your request.").With()
	}
	return nil
}

package ec2

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func blockKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "capacity-block", Shape: "CapacityBlock", ID: "CapacityBlockId", NewID: engine.Hex("cb-", 17), Tags: "Tags",
			Unknown: engine.Refuse("InvalidCapacityBlockId.NotFound", "The capacity block ID '{id}' does not exist"),
			New:     []engine.Field{engine.Make("CreateDate", engine.Now())},
			View: func(x *engine.Exec, a engine.Attrs) {
				for _, id := range a.Strs("CapacityReservationIds") {
					if r := x.Look("capacity-reservation", id); r != nil {
						a.Set("State", r.Str("State"))
					}
				}
			},
		},
		{
			Name: "capacity-block-offering", Shape: "CapacityBlockOffering", ID: "CapacityBlockOfferingId",
			Static: offeredBlocks,
		},
	}
}

func blockOps() []engine.Op {
	return []engine.Op{
		{Name: "DescribeCapacityBlockOfferings", Free: []string{"InstanceType"}, Do: engine.Describe{
			Kind: "capacity-block-offering", IDs: []string{},
			Where: []engine.Match{{Param: "InstanceType", Path: "InstanceType"}},
			Only: func(x *engine.Exec, a engine.Attrs) bool {
				from, to := x.Params.Time("StartDateRange"), x.Params.Time("EndDateRange")
				return !a.Time("StartDate").Before(from) && (to.IsZero() || !a.Time("EndDate").After(to))
			},
		}},
		{Name: "PurchaseCapacityBlock", Do: engine.Write(purchaseBlock), Free: []string{"CapacityBlockOfferingId"}},
		{Name: "DescribeCapacityBlocks", Do: engine.Describe{Kind: "capacity-block"}},
	}
}

// blockType is a row of the instance types that Capacity Blocks have, with the
// price of an instance for an hour in cents.
type blockType struct {
	name  string
	cents int64
}

func blockTypes() []blockType {
	return []blockType{{"p5.48xlarge", 3148}, {"p4d.24xlarge", 1176}, {"trn1.32xlarge", 953}}
}

// offeredBlocks are the offerings for what the call asks for: one for each type
// and zone and each of the next days. An offering's id says all of it, so that
// it can be bought later.
func offeredBlocks(x *engine.Exec) []engine.Attrs {
	hours := x.Params.Int("CapacityDurationHours")
	count := max(x.Params.Int("InstanceCount"), 1)
	if hours < 24 || hours%24 != 0 || hours > 4368 || count > 64 {
		return nil
	}
	// Capacity Blocks begin at 11:30 UTC.
	day := x.Now().Truncate(24 * time.Hour).Add(11*time.Hour + 30*time.Minute)
	var all []engine.Attrs
	for ahead := 1; ahead <= 3; ahead++ {
		for ti, t := range blockTypes() {
			zones := zonesOf(x.Call.Region)
			start := day.AddDate(0, 0, ahead)
			zone := (ahead + ti) % len(zones)
			all = append(all, offeredBlock(t, zones[zone], start, hours, count, offeringID(ti, zone, start, hours, count)))
		}
	}
	return all
}

func offeringID(kind, zone int, start time.Time, hours, count int64) string {
	return fmt.Sprintf("cb-%01x%01x%08x%03x%02x5a", kind, zone, start.Unix()/60, hours/24, count)
}

func offeredBlock(t blockType, z zone, start time.Time, hours, count int64, id string) engine.Attrs {
	cents := t.cents * hours * count
	return engine.Attrs{
		"CapacityBlockOfferingId": id, "InstanceType": t.name, "AvailabilityZone": z.name, "InstanceCount": count,
		"StartDate": start, "EndDate": start.Add(time.Duration(hours) * time.Hour), "CapacityBlockDurationHours": hours,
		"CapacityBlockDurationMinutes": hours * 60, "UpfrontFee": fmt.Sprintf("%d.%02d", cents/100, cents%100),
		"CurrencyCode": "USD", "Tenancy": "default",
	}
}

// offering reads an offering's id.
func offering(x *engine.Exec, id string) (engine.Attrs, bool) {
	rest, ok := strings.CutPrefix(id, "cb-")
	if !ok || len(rest) != 17 {
		return nil, false
	}
	var part [5]int64
	for i, span := range [][2]int{{0, 1}, {1, 2}, {2, 10}, {10, 13}, {13, 15}} {
		n, err := strconv.ParseInt(rest[span[0]:span[1]], 16, 64)
		if err != nil {
			return nil, false
		}
		part[i] = n
	}
	zones, types := zonesOf(x.Call.Region), blockTypes()
	start := time.Unix(part[2]*60, 0).UTC()
	if part[0] >= int64(len(types)) || part[1] >= int64(len(zones)) || part[3] < 1 || part[4] < 1 ||
		!start.After(x.Now()) || start.After(x.Now().AddDate(0, 0, 8*7)) ||
		id != offeringID(int(part[0]), int(part[1]), start, part[3]*24, part[4]) {
		return nil, false
	}
	return offeredBlock(types[part[0]], zones[part[1]], start, part[3]*24, part[4], id), true
}

func purchaseBlock(x *engine.Exec) (map[string]any, error) {
	id := x.Params.Str("CapacityBlockOfferingId")
	o, ok := offering(x, id)
	if !ok {
		return nil, engine.Refuse("InvalidCapacityBlockOfferingId.NotFound", "The Capacity Block offering '"+id+"' does not exist or is no longer available.").With()
	}
	a := engine.Attrs{
		"InstanceType": o.Str("InstanceType"), "AvailabilityZone": o.Str("AvailabilityZone"), "TotalInstanceCount": o.Int("InstanceCount"),
		"InstancePlatform": x.Params.Str("InstancePlatform"), "StartDate": o.Time("StartDate"), "EndDate": o.Time("EndDate"),
		"EndDateType": "limited", "InstanceMatchCriteria": "targeted", "ReservationType": "capacity-block",
	}
	if tags := x.TagsFor("capacity-reservation"); len(tags) > 0 {
		a["Tags"] = tags
	}
	if err := setOutcome(x, a); err != nil {
		return nil, err
	}
	a.Set(blockClock, x.Now())
	a.Set("State", "payment-pending")
	r, err := x.Add("capacity-reservation", a)
	if err != nil {
		return nil, err
	}
	b, err := x.Add("capacity-block", engine.Attrs{
		"AvailabilityZone": o.Str("AvailabilityZone"), "StartDate": o.Time("StartDate"), "EndDate": o.Time("EndDate"),
		"CapacityReservationIds": []any{r.ID}, "Tags": x.TagsFor("capacity-block"),
	})
	if err != nil {
		return nil, err
	}
	r.Set("CapacityBlockId", b.ID)
	return map[string]any{
		"CapacityReservation": project(x, "CapacityReservation", x.Shown("capacity-reservation", r)),
		"CapacityBlocks":      []any{project(x, "CapacityBlock", x.Shown("capacity-block", b))},
	}, nil
}

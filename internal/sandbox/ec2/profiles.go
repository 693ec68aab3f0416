package ec2

import (
	"time"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

// profileUse is the kind of what gives an instance its profile, also one that it
// was launched with.
const (
	profileUse   = "iam-instance-profile-association"
	profileUseID = ".AssociationId"
)

func profileKinds() []*engine.Kind {
	return []*engine.Kind{{
		Name: profileUse, Shape: "IamInstanceProfileAssociation",
		// Requests have an AssociationId for other things as well.
		ID:    profileUseID,
		NewID: engine.Hex("iip-assoc-", 17), Prefix: "iip-assoc-",
		Unknown:   engine.Refuse("InvalidAssociationID.NotFound", "An invalid association-id of '{id}' was given"),
		Malformed: malformedID("InvalidAssociationID.Malformed", "iip-assoc-"),
		States: &engine.States{Path: "State", Next: map[string]engine.Step{
			"associating":    {To: "associated", After: time.Second},
			"disassociating": {After: time.Second},
		}},
		First: "associating",
		New:   []engine.Field{engine.Make("Timestamp", engine.Now())},
		View:  func(_ *engine.Exec, a engine.Attrs) { a.Set("AssociationId", a.Str(profileUseID)) },
		Unique: []engine.Unique{{
			Paths: []string{"InstanceId"}, Only: holds,
			Taken: engine.Refuse("IncorrectState", "There is an existing association for instance {InstanceId}"),
		}},
	}}
}

func profileOps() []engine.Op {
	return []engine.Op{
		{Name: "AssociateIamInstanceProfile", Do: engine.Write(associateProfile)},
		{Name: "ReplaceIamInstanceProfileAssociation", Do: engine.Write(replaceProfile)},
		{Name: "DisassociateIamInstanceProfile", Do: engine.Write(disassociateProfile)},
		{Name: "DescribeIamInstanceProfileAssociations", Do: engine.Describe{Kind: profileUse, IDs: []string{"AssociationIds"}}},
	}
}

// holds reports whether an association is in force.
func holds(a engine.Attrs) bool { return a.Str("State") != "disassociating" }

// profileOf is the profile of a request as an instance shows it.
func profileOf(x *engine.Exec, spec engine.Attrs) (map[string]any, error) {
	member, ref, noun := "arn", spec.Str("Arn"), "ARN"
	if ref == "" {
		member, ref, noun = "name", spec.Str("Name"), "name"
	}
	p, ok, err := x.Profile(ref)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, invalidValue("Value (" + ref + ") for parameter iamInstanceProfile." + member + " is invalid. Invalid IAM Instance Profile " + noun).With()
	case p.Empty:
		return nil, invalidValue("IAM Instance Profile \"" + p.ARN + "\" has no associated IAM Roles").With()
	}
	return map[string]any{"Arn": p.ARN, "Id": p.ID}, nil
}

// give gives an instance, which must be open for changing, the profile of a
// request.
func give(x *engine.Exec, instance *engine.Resource, spec engine.Attrs, state string) (*engine.Resource, error) {
	profile, err := profileOf(x, spec)
	if err != nil {
		return nil, err
	}
	instance.Set("IamInstanceProfile", profile)
	return x.Add(profileUse, engine.Attrs{
		"InstanceId": instance.ID, "IamInstanceProfile": engine.Attrs{"p": profile}.Clone()["p"], "State": state,
	})
}

func associateProfile(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	if s := r.Str("State.Name"); s == "shutting-down" || s == "terminated" {
		return nil, engine.Refuse("IncorrectInstanceState", "The instance '"+r.ID+"' is not in the 'running' or 'stopped' states.").With()
	}
	made, err := give(x, x.Edit("instance", r), x.Params.Sub("IamInstanceProfile"), "associating")
	if err != nil {
		return nil, err
	}
	return x.Answer(profileUse, made), nil
}

func replaceProfile(x *engine.Exec) (map[string]any, error) {
	old, err := take(x)
	if err != nil {
		return nil, err
	}
	instance, err := x.Find("instance", old.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	made, err := give(x, x.Edit("instance", instance), x.Params.Sub("IamInstanceProfile"), "associating")
	if err != nil {
		return nil, err
	}
	return x.Answer(profileUse, made), nil
}

func disassociateProfile(x *engine.Exec) (map[string]any, error) {
	old, err := take(x)
	if err != nil {
		return nil, err
	}
	return x.Answer(profileUse, old), nil
}

// take ends the association that the request names.
func take(x *engine.Exec) (*engine.Resource, error) {
	r, err := x.Find(profileUse, x.Params.Str("AssociationId"))
	if err != nil {
		return nil, err
	}
	if !holds(r.Attrs) {
		return nil, engine.Refuse("IncorrectState", "The association '"+r.ID+"' is being disassociated").With()
	}
	r = x.Edit(profileUse, r)
	x.Enter(profileUse, r, "disassociating")
	if instance := x.Look("instance", r.Str("InstanceId")); instance != nil {
		x.Edit("instance", instance).Set("IamInstanceProfile", nil)
	}
	return r, nil
}

// forgetProfile removes the association of an instance that ends.
func forgetProfile(x *engine.Exec, instance *engine.Resource) {
	for _, r := range x.List(profileUse) {
		if r.Str("InstanceId") == instance.ID {
			x.Remove(profileUse, r.ID)
		}
	}
}

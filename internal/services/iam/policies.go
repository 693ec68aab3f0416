package iam

import (
	"github.com/cairn-audit/cairn/internal/identity"
	"github.com/cairn-audit/cairn/internal/policy"
)

var policyOperations = map[string]operation{
	"CreatePolicy": {writes, createPolicy},
	"GetPolicy":    {reads, getPolicy},
	"ListPolicies": {reads, listPolicies},
	"DeletePolicy": {writes, func(r *request) (answer, error) { return nil, r.tx.DeletePolicy(r.text("PolicyArn")) }},

	"CreatePolicyVersion": {writes, createPolicyVersion},
	"GetPolicyVersion":    {reads, getPolicyVersion},
	"ListPolicyVersions":  {reads, listPolicyVersions},
	"DeletePolicyVersion": {writes, func(r *request) (answer, error) {
		return nil, r.tx.DeleteVersion(r.text("PolicyArn"), r.text("VersionId"))
	}},
	"SetDefaultPolicyVersion": {writes, func(r *request) (answer, error) {
		return nil, r.tx.SetDefaultVersion(r.text("PolicyArn"), r.text("VersionId"))
	}},
	"ListEntitiesForPolicy": {reads, listEntitiesForPolicy},
}

func createPolicy(r *request) (answer, error) {
	text, err := r.document("PolicyDocument", policy.Managed)
	if err != nil {
		return nil, err
	}
	p, err := r.tx.CreatePolicy(r.entity("PolicyName"), r.text("Description"), text)
	if err != nil {
		return nil, err
	}
	out := r.policy(&p, identity.PolicyUse{})
	addDetails(out, p.Tags, "")
	return answer{"Policy": out}, nil
}

func getPolicy(r *request) (answer, error) {
	p, err := r.tx.ManagedPolicy(r.text("PolicyArn"))
	if err != nil {
		return nil, err
	}
	uses, err := r.tx.Uses()
	if err != nil {
		return nil, err
	}
	out := r.policy(&p, uses[r.text("PolicyArn")])
	if p.Description != "" {
		out["Description"] = p.Description
	}
	out["Tags"] = describeTags(p.Tags)
	return answer{"Policy": out}, nil
}

func listPolicies(r *request) (answer, error) {
	uses, err := r.tx.Uses()
	if err != nil {
		return nil, err
	}
	var found []identity.ManagedPolicy
	if scope := r.text("Scope"); scope != "AWS" {
		if found, err = r.tx.OwnPolicies(); err != nil {
			return nil, err
		}
	}
	if scope := r.text("Scope"); scope != "Local" {
		found = append(found, r.tx.AWSPolicies()...)
	}
	selected := found[:0]
	for _, p := range found {
		use := uses[r.policyARN(&p)]
		wanted := r.below(&p.Entity)
		switch r.text("PolicyUsageFilter") {
		case "PermissionsPolicy":
			wanted = wanted && use.Attached > 0
		case "PermissionsBoundary":
			wanted = wanted && use.Boundaries > 0
		}
		if wanted && (!r.flag("OnlyAttached") || use.Attached > 0) {
			selected = append(selected, p)
		}
	}
	// A policy of the account's may have the name of one of AWS's.
	return page(r, "Policies", selected, func(p *identity.ManagedPolicy) string { return p.Name + " " + p.ID },
		func(p *identity.ManagedPolicy) any { return r.policy(p, uses[r.policyARN(p)]) })
}

func createPolicyVersion(r *request) (answer, error) {
	text, err := r.document("PolicyDocument", policy.Managed)
	if err != nil {
		return nil, err
	}
	asDefault := r.flag("SetAsDefault")
	v, err := r.tx.AddVersion(r.text("PolicyArn"), text, asDefault, r.call.Time)
	return answer{"PolicyVersion": answer{"VersionId": v.ID, "IsDefaultVersion": asDefault, "CreateDate": v.Created}}, err
}

func getPolicyVersion(r *request) (answer, error) {
	p, err := r.tx.ManagedPolicy(r.text("PolicyArn"))
	if err != nil {
		return nil, err
	}
	v := p.Version(r.text("VersionId"))
	if v == nil {
		return nil, identity.Refuse(identity.NoSuchEntity, "Policy %s version %s does not exist or is not attachable.",
			r.text("PolicyArn"), r.text("VersionId"))
	}
	return answer{"PolicyVersion": version(&p, v, true)}, nil
}

func listPolicyVersions(r *request) (answer, error) {
	p, err := r.tx.ManagedPolicy(r.text("PolicyArn"))
	if err != nil {
		return nil, err
	}
	return page(r, "Versions", p.Versions, func(v *identity.PolicyVersion) string { return v.ID },
		func(v *identity.PolicyVersion) any { return version(&p, v, false) })
}

// attachedEntity is a row of ListEntitiesForPolicy.
type attachedEntity struct{ member, nameMember, idMember, name, id string }

func listEntitiesForPolicy(r *request) (answer, error) {
	arn := r.text("PolicyArn")
	if _, err := r.tx.ManagedPolicy(arn); err != nil {
		return nil, err
	}
	var found []attachedEntity
	for _, h := range holders {
		if filter := r.text("EntityFilter"); filter != "" && filter != h.title {
			continue
		}
		err := h.each(r.tx, func(e *identity.Entity, g *identity.Grants) {
			attached, asBoundary := contains(g.Attached, arn), g.Boundary == arn
			switch r.text("PolicyUsageFilter") {
			case "PermissionsPolicy":
				asBoundary = false
			case "PermissionsBoundary":
				attached = false
			}
			if (attached || asBoundary) && r.below(e) {
				found = append(found, attachedEntity{"Policy" + h.title + "s", h.title + "Name", h.title + "Id", e.Name, e.ID})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	out, err := page(r, "all", found, func(e *attachedEntity) string { return e.member + "/" + e.name },
		func(e *attachedEntity) any { return *e })
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		out["Policy"+h.title+"s"] = []any{}
	}
	for _, v := range out["all"].([]any) {
		e := v.(attachedEntity)
		out[e.member] = append(out[e.member].([]any), answer{e.nameMember: e.name, e.idMember: e.id})
	}
	delete(out, "all")
	return out, nil
}

package ec2

import (
	"strconv"

	"github.com/cairn-audit/cairn/internal/sandbox/engine"
)

func templateKinds() []*engine.Kind {
	return []*engine.Kind{
		{
			Name: "launch-template", Shape: "LaunchTemplate", ID: "LaunchTemplateId",
			NewID: engine.Hex("lt-", 17), Tags: "Tags",
			Resolve: func(x *engine.Exec, ref string) string {
				for _, t := range x.List("ec2/launch-template") {
					if t.Str("LaunchTemplateName") == ref {
						return t.ID
					}
				}
				return ref
			},
			Unknown: engine.Refuse("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist."),
			New: []engine.Field{
				engine.Make("CreateTime", engine.Now()), engine.Make("CreatedBy", engine.Func(caller)),
				engine.Be("DefaultVersionNumber", 1), engine.Be("LatestVersionNumber", 1),
			},
			Unique: []engine.Unique{{
				Paths: []string{"LaunchTemplateName"},
				Taken: engine.Refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."),
			}},
		},
		{
			Name: "launch-template-version", Shape: "LaunchTemplateVersion", ID: ".Version",
			NewID:   engine.Text("{LaunchTemplateId}/{VersionNumber}"),
			Unknown: engine.Refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version for the launch template."),
			New: []engine.Field{
				engine.Make("CreateTime", engine.Now()), engine.Make("CreatedBy", engine.Func(caller)), engine.Be("DefaultVersion", false),
			},
		},
	}
}

func templateOps() []engine.Op {
	return []engine.Op{
		{Name: "CreateLaunchTemplate", Do: engine.Create{Kind: "launch-template", Then: firstVersion}, Free: []string{"LaunchTemplateName"}},
		{Name: "DescribeLaunchTemplates", Do: engine.Describe{Kind: "launch-template", IDs: []string{"LaunchTemplateIds", "LaunchTemplateNames"}}},
		{Name: "DeleteLaunchTemplate", Do: engine.Write(deleteTemplate)},
		{Name: "CreateLaunchTemplateVersion", Do: engine.Write(nextVersion)},
		{Name: "DescribeLaunchTemplateVersions", Do: engine.Describe{
			Kind: "launch-template-version", IDs: []string{}, Only: versionWanted,
			Where: []engine.Match{
				{Param: "LaunchTemplateId", Path: "LaunchTemplateId"}, {Param: "LaunchTemplateName", Path: "LaunchTemplateName"},
			},
		}},
		{Name: "ModifyLaunchTemplate", Do: engine.Write(modifyTemplate)},
	}
}

func caller(x *engine.Exec, _ engine.Attrs) (any, error) {
	if x.Call.Caller != nil && x.Call.Caller.ARN != "" {
		return x.Call.Caller.ARN, nil
	}
	return x.Expand("arn:aws:iam::{account}:root", nil), nil
}

func firstVersion(x *engine.Exec, t *engine.Resource) error {
	a := engine.Attrs{
		"LaunchTemplateId": t.ID, "LaunchTemplateName": t.Str("LaunchTemplateName"), "VersionNumber": int64(1), "DefaultVersion": true,
		"LaunchTemplateData": map[string]any(x.Params.Clone().Sub("LaunchTemplateData")),
	}
	a.Set("VersionDescription", x.Params.Get("VersionDescription"))
	_, err := x.Add("launch-template-version", a)
	return err
}

// template returns the template that a structure names by id or by name.
func template(x *engine.Exec, spec engine.Attrs) (*engine.Resource, error) {
	ref := spec.Str("LaunchTemplateId")
	if ref == "" {
		ref = spec.Str("LaunchTemplateName")
	}
	if ref == "" {
		return nil, missing("LaunchTemplateId or LaunchTemplateName").With()
	}
	return x.Find("launch-template", ref)
}

// templateVersion returns the template and the version that a specification
// names: a number, $Latest or $Default.
func templateVersion(x *engine.Exec, spec engine.Attrs) (t, version *engine.Resource, err error) {
	if t, err = template(x, spec); err != nil {
		return nil, nil, err
	}
	number := spec.Str("Version")
	switch number {
	case "", "$Default":
		number = strconv.FormatInt(t.Int("DefaultVersionNumber"), 10)
	case "$Latest":
		number = strconv.FormatInt(t.Int("LatestVersionNumber"), 10)
	}
	version, err = x.Find("launch-template-version", t.ID+"/"+number)
	return t, version, err
}

// TemplateData returns a copy of what the version of a launch template holds that
// a specification names; ok is false where there is none.
func TemplateData(x *engine.Exec, specification engine.Attrs) (data engine.Attrs, ok bool) {
	_, version, err := templateVersion(x, specification)
	if err != nil {
		return nil, false
	}
	return version.Clone().Sub("LaunchTemplateData"), true
}

func nextVersion(x *engine.Exec) (map[string]any, error) {
	t, err := template(x, x.Params)
	if err != nil {
		return nil, err
	}
	t = x.Edit("launch-template", t)
	number := t.Int("LatestVersionNumber") + 1
	t.Set("LatestVersionNumber", number)
	data := engine.Attrs{}
	if from := x.Params.Str("SourceVersion"); from != "" {
		_, source, err := templateVersion(x, engine.Attrs{"LaunchTemplateId": t.ID, "Version": from})
		if err != nil {
			return nil, err
		}
		data = source.Clone().Sub("LaunchTemplateData")
	}
	for k, v := range x.Params.Clone().Sub("LaunchTemplateData") {
		data[k] = v
	}
	a := engine.Attrs{
		"LaunchTemplateId": t.ID, "LaunchTemplateName": t.Str("LaunchTemplateName"), "VersionNumber": number,
		"LaunchTemplateData": map[string]any(data),
	}
	a.Set("VersionDescription", x.Params.Get("VersionDescription"))
	v, err := x.Add("launch-template-version", a)
	if err != nil {
		return nil, err
	}
	return x.Answer("launch-template-version", v), nil
}

func versionWanted(x *engine.Exec, a engine.Attrs) bool {
	wanted := x.Params.Strs("Versions")
	if len(wanted) == 0 {
		return true
	}
	for _, w := range wanted {
		_, v, err := templateVersion(x, engine.Attrs{"LaunchTemplateId": a.Str("LaunchTemplateId"), "Version": w})
		if err == nil && v.Int("VersionNumber") == a.Int("VersionNumber") {
			return true
		}
	}
	return false
}

func deleteTemplate(x *engine.Exec) (map[string]any, error) {
	t, err := template(x, x.Params)
	if err != nil {
		return nil, err
	}
	for _, v := range x.List("launch-template-version") {
		if v.Str("LaunchTemplateId") == t.ID {
			x.Remove("launch-template-version", v.ID)
		}
	}
	x.Remove("launch-template", t.ID)
	return x.Answer("launch-template", t), nil
}

func modifyTemplate(x *engine.Exec) (map[string]any, error) {
	spec := x.Params.Clone()
	spec.Set("Version", x.Params.Get("DefaultVersion"))
	t, version, err := templateVersion(x, spec)
	if err != nil {
		return nil, err
	}
	for _, v := range x.List("launch-template-version") {
		if v.Str("LaunchTemplateId") == t.ID && v.Bool("DefaultVersion") != (v.ID == version.ID) {
			x.Edit("launch-template-version", v).Set("DefaultVersion", v.ID == version.ID)
		}
	}
	t = x.Edit("launch-template", t)
	t.Set("DefaultVersionNumber", version.Int("VersionNumber"))
	return x.Answer("launch-template", t), nil
}

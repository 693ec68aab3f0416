package ec2

import "github.com/cairn-audit/cairn/internal/sandbox/engine"

// modifyMetadataOptions changes how an instance's metadata service answers; what
// the request leaves out stays.
func modifyMetadataOptions(x *engine.Exec) (map[string]any, error) {
	r, err := x.Find("instance", x.Params.Str("InstanceId"))
	if err != nil {
		return nil, err
	}
	r = x.Edit("instance", r)
	for _, member := range []string{"HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags"} {
		if x.Params.Has(member) {
			r.Set("MetadataOptions."+member, x.Params.Get(member))
		}
	}
	options := r.Clone().Sub("MetadataOptions")
	options.Set("State", "pending")
	return map[string]any{"InstanceId": r.ID, "InstanceMetadataOptions": map[string]any(options)}, nil
}

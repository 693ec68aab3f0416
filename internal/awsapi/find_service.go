package awsapi

import (
	"net"
	"slices"
)

// load returns the models of the services.
func (c *Catalog) load(ids []string) ([]*Service, error) {
	services := make([]*Service, 0, len(ids))
	for _, id := range ids {
		s, err := c.Service(id)
		if err != nil {
			return nil, err
		}
		services = append(services, s)
	}
	return services, nil
}

// signedIDs returns the services that sign with a name, or may do so.
func (c *Catalog) signedIDs(name string) []string {
	if ids := otherSigners[name]; ids != nil {
		return ids
	}
	return c.bySigning[name]
}

// hostIDs returns the services whose endpoint the host names.
func (c *Catalog) hostIDs(host string) []string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	longest, ids := 0, []string(nil)
	for _, e := range c.entries {
		if e.Historic || !isEndpoint(host, e.EndpointPrefix) || len(e.EndpointPrefix) < longest {
			continue
		}
		if len(e.EndpointPrefix) > longest {
			longest, ids = len(e.EndpointPrefix), nil
		}
		ids = append(ids, e.ID)
	}
	if ids == nil && bucketOfHost(host) != "" {
		return []string{"s3"}
	}
	return ids
}

// queryIDs returns the Query services that the host or else the version names.
func (c *Catalog) queryIDs(host, version string) []string {
	if ids := c.hostIDs(host); ids != nil {
		return ids
	}
	var ids []string
	for _, e := range c.entries {
		if !e.Historic && e.APIVersion == version &&
			(slices.Contains(e.Protocols, Query) || slices.Contains(e.Protocols, EC2)) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

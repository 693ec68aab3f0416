package awsapi

// routeTable finds the operation of a REST request from its method and path.
type routeTable struct{}

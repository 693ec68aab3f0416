package record

import "encoding/json"

// globalSTS is the host of the endpoint that STS has beside those of the
// Regions.
const globalSTS = "sts.amazonaws.com"

// stsAdditional writes additionalEventData, which tells where STS served the
// call: 01dda5ce, 423fa918, and the IAM guide's example of the global endpoint.
// Calls of AWS's services have the id alone (522949b1).
func stsAdditional(c *Call) json.RawMessage {
	var w buffer
	w.open('{')
	if c.HTTP.ExtendedID != "" {
		w.name("ExtendedRequestId")
		w.str(c.HTTP.ExtendedID)
	}
	if c.InvokedBy == "" {
		w.name("RequestDetails")
		w.open('{')
		w.name("awsServingRegion")
		w.str(c.Region)
		w.name("endpointType")
		if c.HTTP.Host == globalSTS {
			w.str("global")
		} else {
			w.str("regional")
		}
		w.close('}')
	}
	w.close('}')
	return omitEmpty(w)
}

// omitEmpty is nothing for an object without members.
func omitEmpty(b []byte) json.RawMessage {
	if string(b) == "{}" {
		return nil
	}
	return b
}

package record

// lambdaNames are Lambda's event names, which carry the date of the API's
// version. Those marked doc are in the Lambda guide ("Logging Lambda API
// calls"); the others have the name that Lambda's own console uses for the
// operation.
var lambdaNames = map[string]string{
	"AddPermission":               "AddPermission20150331v2",           // doc
	"CreateAlias":                 "CreateAlias20150331",               // doc
	"CreateEventSourceMapping":    "CreateEventSourceMapping20150331",  // doc
	"CreateFunction":              "CreateFunction20150331",            // doc
	"DeleteAlias":                 "DeleteAlias20150331",               // doc
	"DeleteEventSourceMapping":    "DeleteEventSourceMapping20150331",  // doc
	"DeleteFunction":              "DeleteFunction20150331",            // doc
	"DeleteFunctionConcurrency":   "DeleteFunctionConcurrency20171031", // doc
	"DeleteLayerVersion":          "DeleteLayerVersion20181031",
	"GetAccountSettings":          "GetAccountSettings20160819",
	"GetAlias":                    "GetAlias20150331", // doc
	"GetEventSourceMapping":       "GetEventSourceMapping20150331",
	"GetFunction":                 "GetFunction20150331v2", // doc
	"GetFunctionConfiguration":    "GetFunctionConfiguration20150331v2",
	"GetLayerVersion":             "GetLayerVersion20181031",
	"GetLayerVersionByArn":        "GetLayerVersionByArn20181031",
	"GetPolicy":                   "GetPolicy20150331v2",
	"ListAliases":                 "ListAliases20150331",
	"ListEventSourceMappings":     "ListEventSourceMappings20150331",
	"ListFunctions":               "ListFunctions20150331",
	"ListLayerVersions":           "ListLayerVersions20181031",
	"ListLayers":                  "ListLayers20181031",
	"ListTags":                    "ListTags20170331",
	"ListVersionsByFunction":      "ListVersionsByFunction20150331",
	"PublishLayerVersion":         "PublishLayerVersion20181031",           // doc
	"PublishVersion":              "PublishVersion20150331",                // doc
	"PutFunctionConcurrency":      "PutFunctionConcurrency20171031",        // doc
	"RemovePermission":            "RemovePermission20150331v2",            // doc
	"TagResource":                 "TagResource20170331v2",                 // doc
	"UntagResource":               "UntagResource20170331v2",               // doc
	"UpdateAlias":                 "UpdateAlias20150331",                   // doc
	"UpdateEventSourceMapping":    "UpdateEventSourceMapping20150331",      // doc
	"UpdateFunctionCode":          "UpdateFunctionCode20150331v2",          // doc
	"UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2", // doc
}

package record

// legacyForm is how a legacy operation writes a member, where the rule does not
// tell.
type legacyForm int

const (
	byRule   legacyForm = iota
	leftOut             // not written
	asText              // a number as a string
	asEmpty             // {} whatever the value
	hoisted             // a structure's members, in place of the structure
	asBare              // a list without {"items": …}
	asItem              // a list as {"item": […]}
	asNumber            // a string of digits as a number
)

// legacyRow says how a member is written in the legacy style. The first row
// that fits a member holds.
type legacyRow struct {
	// op is an operation, or the beginning of several with a *; empty is any.
	op string
	// shape is the structure that has the member; empty is the operation's
	// own input or output.
	shape  string
	member string // * is any list
	// name is the member's in the record; empty is by rule.
	name string
	// item is the key around each element of a list of scalars.
	item string
	form legacyForm
	// absent is written when the member is not there: a default that the
	// service fills in, or {} for a list that is always printed.
	absent string
}

// notPrinted is the absent of a list that a Describe does not print.
const notPrinted = "-"

// The rules for requests, which the rows below complete:
//   - a member that is no list is its locationName, else its name, with the
//     first letter in lower case (1,290 keys);
//   - a list is that name and "Set" (routeTableIdSet, tagSpecificationSet);
//     around a scalar element stands the name again (routeTableId);
//   - every list of a Describe is printed, {} when it is absent;
//   - DryRun is not recorded (3c2b9301).
//
// "WSDL" is EC2's SOAP description (versions up to 2013), whose names the
// records observed share.
var legacyRequestRows = []legacyRow{
	{member: "DryRun", form: leftOut},

	// Lists whose names the old description chose otherwise.
	{op: "DescribeClassicLinkInstances", member: "InstanceIds", name: "instancesSet", item: "instanceId", form: asItem, absent: "{}"},
	{op: "Describe*", member: "InstanceIds", name: "instancesSet", item: "instanceId", absent: "{}"},
	{member: "InstanceIds", name: "instancesSet", item: "instanceId"},                                           // 1e50c899
	{op: "ReportInstanceStatus", member: "Instances", name: "instancesSet", item: "instanceId"},                 // WSDL
	{op: "ReportInstanceStatus", member: "ReasonCodes", name: "reasonCodesSet", item: "reasonCode"},             // WSDL
	{op: "DescribeVpcClassicLink", member: "VpcIds", name: "vpcSet", item: "vpcId", form: asItem, absent: "{}"}, // 0b261e62
	{member: "VpcIds", name: "vpcSet", item: "vpcId", absent: "{}"},
	{member: "SubnetIds", name: "subnetSet", item: "subnetId", absent: "{}"}, // a9db765e
	{member: "VolumeIds", name: "volumeSet", item: "volumeId", absent: "{}"}, // e6ec97a0
	{member: "ImageIds", name: "imagesSet", item: "imageId", absent: "{}"},
	{op: "DescribeImages", member: "Owners", name: "ownersSet", item: "owner", absent: "{}"},
	{op: "DescribeImages", member: "ExecutableUsers", name: "executableBySet", item: "user", absent: "{}"}, // WSDL
	{member: "SnapshotIds", name: "snapshotSet", item: "snapshotId", absent: "{}"},
	{member: "OwnerIds", name: "ownersSet", item: "owner", absent: "{}"},
	{member: "RestorableByUserIds", name: "sharedUsersSet", item: "user", absent: "{}"},
	{member: "DhcpOptionsIds", name: "dhcpOptionsSet", item: "dhcpOptionsId", absent: "{}"}, // 79a1334b
	{member: "CustomerGatewayIds", name: "customerGatewaySet", item: "customerGatewayId", absent: "{}"},
	{member: "VpnGatewayIds", name: "vpnGatewaySet", item: "vpnGatewayId", absent: "{}"},
	{member: "VpnConnectionIds", name: "vpnConnectionSet", item: "vpnConnectionId", absent: "{}"},
	{op: "DescribeBundleTasks", member: "Filters", absent: notPrinted},                                              // d0a3dec5
	{op: "DescribeSpotPriceHistory", member: "Filters", absent: notPrinted},                                         // 86fdf927
	{member: "BundleIds", name: "bundlesSet", item: "bundleId", absent: "{}"},                                       // d0a3dec5
	{op: "DescribeSecurityGroups", member: "GroupNames", name: "securityGroupSet", item: "groupName", absent: "{}"}, // bf2e688a
	{op: "DescribeSecurityGroups", member: "GroupIds", name: "securityGroupIdSet", item: "groupId", absent: "{}"},
	{op: "DescribePlacementGroups", member: "GroupNames", name: "placementGroupSet", item: "groupName", absent: "{}"}, // WSDL
	{op: "DescribePlacementGroups", member: "GroupIds", name: "placementGroupIdSet", item: "groupId", absent: "{}"},
	{member: "KeyNames", name: "keySet", item: "keyName", absent: "{}"},
	{member: "PublicIps", name: "publicIpsSet", item: "publicIp", absent: "{}"},
	{member: "AllocationIds", name: "allocationIdsSet", item: "allocationId", absent: "{}"}, // 3a8cae4e
	{member: "ZoneNames", name: "availabilityZoneSet", item: "zoneName", absent: "{}"},      // WSDL
	{member: "ZoneIds", name: "availabilityZoneIdSet", item: "zoneId", absent: "{}"},
	{member: "RegionNames", name: "regionSet", item: "regionName", absent: "{}"},                                                                  // WSDL
	{member: "AttributeNames", name: "accountAttributeNameSet", item: "attributeName", absent: "{}"},                                              // 529d20c4
	{op: "Describe*", member: "ReservedInstancesIds", name: "reservedInstancesSet", item: "reservedInstancesId", absent: "{}"},                    // 8037ce2e
	{member: "ReservedInstancesIds", name: "reservedInstancesSet", item: "reservedInstancesId"},                                                   // P
	{member: "ReservedInstancesModificationIds", name: "reservedInstancesModificationSet", item: "reservedInstancesModificationId", absent: "{}"}, // 463204a2
	{member: "ReservedInstancesOfferingIds", name: "reservedInstancesOfferingsSet", item: "reservedInstancesOfferingId", absent: "{}"},            // WSDL
	{op: "ModifyReservedInstances", member: "TargetConfigurations", name: "targetConfigurationSet"},                                               // P
	{member: "Resources", name: "resourcesSet", item: "resourceId"},                                                                               // a591e955
	{op: "*signPrivateIpAddresses", member: "PrivateIpAddresses", name: "privateIpAddressesSet", item: "privateIpAddress"},                        // WSDL
	{member: "PriceSchedules", name: "priceSchedules"},                                                                                            // WSDL
	{op: "ModifyImageAttribute", member: "ProductCodes", name: "productCodes", item: "productCode"},                                               // WSDL

	// Security groups, by whatever member they come.
	{member: "Groups", name: "groupSet", item: "groupId"}, // a879cca9
	{member: "SecurityGroupIds", name: "groupSet", item: "groupId"},
	{member: "SecurityGroups", name: "groupSet", item: "groupName"},                                          // WSDL: one set for both
	{shape: "InstanceNetworkInterfaceSpecification", member: "Groups", name: "groupSet", item: "groupId"},    // WSDL
	{shape: "RequestSpotLaunchSpecification", member: "SecurityGroupIds", name: "groupSet", item: "groupId"}, // WSDL
	{shape: "RequestSpotLaunchSpecification", member: "SecurityGroups", name: "groupSet", item: "groupName"},
	{shape: "ImportInstanceLaunchSpecification", member: "GroupIds", name: "groupSet", item: "groupId"}, // WSDL
	{shape: "ImportInstanceLaunchSpecification", member: "GroupNames", name: "groupSet", item: "groupName"},

	// Security group rules: four lists, always there (1beb5d85).
	{op: "Authorize*", member: "IpPermissions", name: "ipPermissions", absent: "{}"}, // 9fd68588
	{op: "Revoke*", member: "IpPermissions", name: "ipPermissions", absent: "{}"},
	{shape: "IpPermission", member: "UserIdGroupPairs", name: "groups", absent: "{}"},
	{shape: "IpPermission", member: "IpRanges", name: "ipRanges", absent: "{}"},
	{shape: "IpPermission", member: "Ipv6Ranges", name: "ipv6Ranges", absent: "{}"},
	{shape: "IpPermission", member: "PrefixListIds", name: "prefixListIds", absent: "{}"},

	// Tags of a TagSpecification are the one list without a wrapper (8ee97fbc).
	{shape: "TagSpecification", member: "Tags", name: "tags", form: asBare},

	// Block devices.
	{op: "RunInstances", member: "BlockDeviceMappings", name: "blockDeviceMapping", absent: "{}"}, // 1a4debbb
	{member: "BlockDeviceMappings", name: "blockDeviceMapping"},                                   // a789df4b
	{shape: "RequestSpotLaunchSpecification", member: "BlockDeviceMappings", name: "blockDeviceMapping"},
	{shape: "BlockDeviceMapping", member: "NoDevice", form: asEmpty},
	{shape: "InstanceBlockDeviceMappingSpecification", member: "NoDevice", form: asEmpty}, // WSDL

	// Network interfaces.
	{shape: "InstanceNetworkInterfaceSpecification", member: "PrivateIpAddresses", name: "privateIpAddressesSet"},
	{shape: "InstanceNetworkInterfaceSpecification", member: "Ipv6Addresses", name: "ipv6AddressesSet"},
	{shape: "VpnConnectionOptionsSpecification", member: "TunnelOptions", name: "tunnelOptionSet"}, // c19e8892 has it in the answer

	// Permissions to launch and to copy.
	{shape: "LaunchPermissionModifications", member: "Add", name: "add"},             // 1f00bcfa
	{shape: "LaunchPermissionModifications", member: "Remove", name: "remove"},       // 8d96ddae
	{shape: "CreateVolumePermissionModifications", member: "Add", name: "add"},       // 6897ff63
	{shape: "CreateVolumePermissionModifications", member: "Remove", name: "remove"}, // 1b5e60ad
	{op: "ModifyImageAttribute", member: "Attribute", name: "attributeType"},         // 1f00bcfa
	{op: "ModifySnapshotAttribute", member: "Attribute", name: "attributeType"},      // 6897ff63
	{op: "DescribeVpcAttribute", member: "Attribute", form: leftOut},                 // 6d299060
	{op: "DescribeVolumeAttribute", member: "Attribute", form: leftOut},

	// Renamed members.
	{op: "CreateVolume", member: "AvailabilityZone", name: "zone"},                            // 925c1fe9
	{op: "*NetworkAclEntry", member: "Protocol", name: "aclProtocol"},                         // e7921105
	{op: "CreateNetworkAclEntry", member: "IcmpTypeCode", name: "icmpTypeCode", absent: "{}"}, // e7921105
	{op: "ReplaceNetworkAclEntry", member: "IcmpTypeCode", name: "icmpTypeCode", absent: "{}"},
	{op: "CreateNetworkAclEntry", member: "PortRange", absent: "{}"}, // P, as icmpTypeCode
	{op: "ReplaceNetworkAclEntry", member: "PortRange", absent: "{}"},
	{op: "RunInstances", member: "Placement", form: hoisted},

	// Numbers that the old description has as strings.
	{op: "CreateVolume", member: "Size", form: asText}, // 925c1fe9
	{op: "CreateVolume", member: "Iops", form: asText},
	{op: "CreateVolume", member: "Throughput", form: asText},

	// Defaults that the service fills in.
	{op: "RunInstances", member: "Monitoring", absent: `{"enabled":false}`}, // 1a4debbb
	{op: "RunInstances", member: "DisableApiTermination", absent: "false"},
	{op: "RunInstances", member: "DisableApiStop", absent: "false"},
	{op: "StopInstances", member: "Force", absent: "false"},
	{op: "TerminateInstances", member: "Force", absent: "false"},
	{op: "TerminateInstances", member: "SkipOsShutdown", absent: "false"},
	{op: "DescribeInstanceStatus", member: "IncludeAllInstances", absent: "false"}, // edbd8d06
	{op: "DetachVolume", member: "Force", absent: "false"},                         // bf863178
	{op: "CreateVpc", member: "InstanceTenancy", absent: `"default"`},              // 1ba2ecb3
	{op: "CreateVpc", member: "AmazonProvidedIpv6CidrBlock", absent: "false"},      // 620937da
	{op: "DescribeKeyPairs", member: "IncludePublicKey", absent: "false"},
}

// legacyDefaults are members that the service fills in and the model does not
// have, by operation.
var legacyDefaults = map[string][]extra{
	"AttachVolume":              {{"deleteOnTermination", "false"}}, // a09130b7
	"DeleteSnapshot":            {{"force", "false"}},
	"DeleteVolume":              {{"reportVolumeFailure", "false"}},
	"DescribeAccountAttributes": {{"filterSet", "{}"}},                                        // 529d20c4
	"DescribeInstanceStatus":    {{"ignoreManagedInstancesVisibilityConfiguration", "false"}}, // 5abc9a56, 2026
}

// The rule for answers: every member is its locationName, a list is
// {"items": […]}.
var legacyAnswerRows = []legacyRow{
	{op: "CreateVolume", member: "AvailabilityZone", name: "zone"}, // 925c1fe9
	{op: "CreateVolume", member: "Size", form: asText},
	{op: "CreateSnapshot", member: "VolumeSize", form: asText},
	{shape: "CustomerGateway", member: "BgpAsn", form: asNumber},                    // 2a68939c
	{shape: "InstanceNetworkInterface", member: "PrivateIpAddresses", form: asItem}, // 5e1fb8e0
	{shape: "NetworkInterface", member: "PrivateIpAddresses", form: asItem},         // P, as above
	{shape: "NetworkAclEntry", member: "Protocol", name: "aclProtocol"},             // P, as in requests
}

// legacyGathers are members that stand together as the one element of a list.
var legacyGathers = map[string]struct {
	name    string
	members map[string]bool
}{
	"RunInstances": {"instancesSet", set("ImageId", "MinCount", "MaxCount", "KeyName")}, // 1a8e25cb
}

// legacyReturns are operations whose answer has "_return" beside other members
// although the model of 2014 leaves it out.
var legacyReturns = set("CreateSecurityGroup", "AssociateAddress") // WSDL

// permissionRow says how the two ways to change a permission are recorded as
// one: a client may send {"Attribute": attribute, "OperationType": "add",
// "UserIds": […]} or the structure.
type permissionRow struct{ structure, attribute, recorded string }

var permissionRows = map[string]permissionRow{
	"ModifyImageAttribute":    {"LaunchPermission", "launchPermission", "launchPermission"},                     // 1f00bcfa
	"ModifySnapshotAttribute": {"CreateVolumePermission", "createVolumePermission", "CREATE_VOLUME_PERMISSION"}, // 6897ff63
}

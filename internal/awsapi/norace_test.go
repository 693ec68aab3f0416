//go:build !race

package awsapi

const raceDetector = false

// Reads our OpenAPI document of version 2 as Argo CD does (gitops-engine: pkg/utils/kube): as protobuf, by gnostic's
// types, with kubectl's and apimachinery's parsers. Every kind of discovery must be known to both; every live object
// must have the type that the document says, and so must what its managers own, which Argo CD extracts for its diffs.
//
// What does not fit is printed, and ends the program with a status other than 0.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kube-openapi/pkg/util/proto"
	"k8s.io/kubectl/pkg/util/openapi"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of an administrator")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 1000, 1000
	judged, err := newJudge(discovery.NewDiscoveryClientForConfigOrDie(config))
	if err != nil {
		log.Fatal(err)
	}
	judged.everything(context.Background(), dynamic.NewForConfigOrDie(config))
	sort.Strings(judged.faults)
	for _, fault := range judged.faults {
		fmt.Println(fault)
	}
	fmt.Printf("known: %s\n", strings.Join(judged.known, " "))
	fmt.Printf("judged: %d objects, %d managers\n", judged.objects, judged.managers)
	if len(judged.faults) > 0 {
		os.Exit(1)
	}
}

type judge struct {
	served            []*metav1.APIResourceList
	resources         openapi.Resources
	parser            *managedfields.GvkParser
	known             []string
	faults            []string
	objects, managers int
}

func newJudge(client *discovery.DiscoveryClient) (*judge, error) {
	document, err := client.OpenAPISchema()
	if err != nil {
		return nil, err
	}
	resources, err := openapi.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, err
	}
	parser, err := managedfields.NewGVKParser(models, false)
	if err != nil {
		return nil, err
	}
	_, served, err := client.ServerGroupsAndResources()
	return &judge{served: served, resources: resources, parser: parser}, err
}

func (j *judge) everything(ctx context.Context, client dynamic.Interface) {
	for _, list := range j.served {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			log.Fatal(err)
		}
		for _, one := range list.APIResources {
			if !strings.Contains(one.Name, "/") {
				j.kind(ctx, client.Resource(version.WithResource(one.Name)), version.WithKind(one.Kind), one)
			}
		}
	}
}

func (j *judge) kind(ctx context.Context, client dynamic.ResourceInterface, kind schema.GroupVersionKind, one metav1.APIResource) {
	if j.resources.LookupResource(kind) == nil {
		j.fault("%s is no resource of the document", kind)
	}
	known := j.parser.Type(kind)
	if known == nil {
		j.fault("%s has no type in the document", kind)
		return
	}
	j.known = append(j.known, kind.GroupKind().String())
	if !strings.Contains(strings.Join(one.Verbs, " "), "list") {
		return
	}
	found, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		j.fault("%s: %s", kind, err)
		return
	}
	for _, object := range found.Items {
		j.objects++
		j.object(known, &object)
	}
}

func (j *judge) object(known *typed.ParseableType, object *unstructured.Unstructured) {
	value, err := known.FromUnstructured(object.Object, typed.AllowDuplicates)
	if err != nil {
		j.fault("%s %s: %s", object.GroupVersionKind(), object.GetName(), err)
		return
	}
	for _, entry := range object.GetManagedFields() {
		j.managers++
		owned := &fieldpath.Set{}
		if err := owned.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			j.fault("%s %s: of %s: %s", object.GroupVersionKind(), object.GetName(), entry.Manager, err)
			continue
		}
		extracted, err := value.ExtractItems(owned.Leaves()).ToFieldSet()
		if err != nil {
			j.fault("%s %s: of %s: %s", object.GroupVersionKind(), object.GetName(), entry.Manager, err)
		} else if lost := owned.Leaves().Difference(extracted); !lost.Empty() {
			j.fault("%s %s: %s owns what the document does not know: %s", object.GroupVersionKind(), object.GetName(), entry.Manager, lost)
		}
	}
}

func (j *judge) fault(text string, values ...any) {
	j.faults = append(j.faults, fmt.Sprintf(text, values...))
}

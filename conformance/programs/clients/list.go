// The usual first program: opens a connection, lists all domains, prints their names.
package main

import (
	"fmt"
	"log"
	"os"

	libvirt "github.com/libvirt/libvirt-go"
)

func main() {
	uri := "qemu:///system"
	if len(os.Args) > 1 {
		uri = os.Args[1]
	}
	connection, err := libvirt.NewConnect(uri)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	domains, err := connection.ListAllDomains(0)
	if err != nil {
		log.Fatal(err)
	}
	for _, domain := range domains {
		name, err := domain.GetName()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name)
		domain.Free()
	}
}

/**
 * Documents of virtual networks and of their ports: read, completed and written as libvirt's
 * network driver does ("Network XML format", "Network port XML format").
 */
package org.wardian.definition.network;

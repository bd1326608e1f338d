/**
 * Documents of storage: pools, volumes, what kinds of pools there are. Read and written as
 * libvirt's {@code storage_conf} does.
 */
package org.wardian.definition.storage;

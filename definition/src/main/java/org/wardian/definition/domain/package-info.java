/**
 * The document of a machine, {@code <domain>}: read, checked, completed, changed and written as
 * libvirt 9.0's QEMU driver does, with views of what a machine and a daemon need of it.
 */
package org.wardian.definition.domain;

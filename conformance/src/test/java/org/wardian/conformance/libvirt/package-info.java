/** Unmodified libvirt clients, against our daemon and against Debian's libvirtd. */
package org.wardian.conformance.libvirt;

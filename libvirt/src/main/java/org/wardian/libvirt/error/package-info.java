/** Errors as libvirt's clients and daemons exchange them. */
package org.wardian.libvirt.error;

/** External data representation (RFC 4506), as far as libvirt uses it, with libvirt's limits. */
package org.wardian.libvirt.xdr;

/** TLS as libvirt uses it: certificates in PEM files, checked both ways (JSSE does the rest). */
package org.wardian.libvirt.tls;

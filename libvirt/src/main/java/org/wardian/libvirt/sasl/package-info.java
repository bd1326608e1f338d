/** Authentication by SASL (RFC 4422): SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides. */
package org.wardian.libvirt.sasl;

/** Documents of secrets, as libvirt's {@code secret_conf} reads and writes them. */
package org.wardian.definition.secret;

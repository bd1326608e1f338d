/**
 * What a host and its machines can do, as documents: {@code <capabilities>}, {@code
 * <domainCapabilities>}, {@code <sysinfo>}; and processors by libvirt's names: compared, and what
 * several have in common.
 */
package org.wardian.definition.capabilities;

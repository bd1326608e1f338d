/** Documents of network filters and their bindings, as libvirt has them ("Network Filters"). */
package org.wardian.definition.filter;

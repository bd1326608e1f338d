/** Network filters and their bindings. */
package org.wardian.daemon.filter;

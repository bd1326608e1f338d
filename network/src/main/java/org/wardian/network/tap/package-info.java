/** A guest's network card on an interface of the host, as a bridge has them. */
package org.wardian.network.tap;

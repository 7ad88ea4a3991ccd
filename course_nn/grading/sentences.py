"""The sentences in which Python and NumPy say what went wrong, with places for what changes.

`<n>` is a number, `<s>` a shape, `<w>` a name. Of what a student's code raises at hidden inputs
these alone are repeated, see `quoted`.
"""

NUMPY = (
    "operands could not be broadcast together with shapes <s> <s>",
    "operands could not be broadcast together with shapes <s> <s> <s>",
    "non-broadcastable output operand with shape <s> doesn't match the broadcast shape <s>",
    "could not broadcast input array from shape <s> into shape <s>",
    "shape mismatch: objects cannot be broadcast to a single shape. Mismatch is between arg <n> "
    "with shape <s> and arg <n> with shape <s>.",
    "shape mismatch: value array of shape <s> could not be broadcast to indexing result of shape "
    "<s>",
    "shape mismatch: indexing arrays could not be broadcast together with shapes <s> <s>",
    "matmul: Input operand <n> has a mismatch in its core dimension <n>, with gufunc signature "
    "(n?,k),(k,m?)->(n?,m?) (size <n> is different from <n>)",
    "matmul: Input operand <n> does not have enough dimensions (has <n>, gufunc core with "
    "signature (n?,k),(k,m?)->(n?,m?) requires <n>)",
    "shapes <s> and <s> not aligned: <n> (dim <n>) != <n> (dim <n>)",
    "cannot reshape array of size <n> into shape <s>",
    "index <n> is out of bounds for axis <n> with size <n>",
    "index <n> is out of bounds for size <n>",
    "axis <n> is out of bounds for array of dimension <n>",
    "too many indices for array: array is <n>-dimensional, but <n> were indexed",
    "boolean index did not match indexed array along axis <n>; size of axis is <n> but size of "
    "corresponding boolean axis is <n>",
    "all the input array dimensions except for the concatenation axis must match exactly, but "
    "along dimension <n>, the array at index <n> has size <n> and the array at index <n> has size "
    "<n>",
    "all the input arrays must have same number of dimensions, but the array at index <n> has <n> "
    "dimension(s) and the array at index <n> has <n> dimension(s)",
    "all input arrays must have the same shape",
    "axes don't match array",
    "repeated axis in transpose",
    "need at least one array to concatenate",
    "need at least one array to stack",
    "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()",
    "setting an array element with a sequence.",
    "setting an array element with a sequence. The requested array has an inhomogeneous shape "
    "after <n> dimensions. The detected shape was <s> + inhomogeneous part.",
    "only length-1 arrays can be converted to Python scalars",
    "only 0-dimensional arrays can be converted to Python scalars",
    "only integer scalar arrays can be converted to a scalar index",
    "arrays used as indices must be of integer (or boolean) type",
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean "
    "arrays are valid indices",
    "Cannot cast ufunc '<w>' output from dtype('<w>') to dtype('<w>') with casting rule "
    "'same_kind'",
    "Cannot cast ufunc '<w>' input <n> from dtype('<w>') to dtype('<w>') with casting rule "
    "'same_kind'",
    "ufunc '<w>' not supported for the input types, and the inputs could not be safely coerced to "
    "any supported types according to the casting rule ''safe''",
    "ufunc '<w>' output (typecode 'd') could not be coerced to provided output parameter (typecode "
    "'l') according to the casting rule ''same_kind''",
    "assignment destination is read-only",
    "output array is read-only",
    "zero-size array to reduction operation <w> which has no identity",
    "attempt to get argmax of an empty sequence",
    "attempt to get argmin of an empty sequence",
    "cannot select an axis to squeeze out which has size not equal to one",
    "array split does not result in an equal division",
    "operand has more dimensions than subscripts given in einstein sum, but no '...' ellipsis "
    "provided to broadcast the extra dimensions.",
    "einstein sum subscripts string contains too many subscripts for operand <n>",
    "Singular matrix",
    "Last 2 dimensions of the array must be square",
    "SVD did not converge",
    "duplicate value in 'axis'",
    "negative dimensions are not allowed",
    "Integers to negative integer powers are not allowed.",
    "iterating over a 0-d array is not allowed",
    "iteration over a 0-d array",
    "object of too small depth for desired array",
)
PYTHON = (
    "name '<w>' is not defined",
    "name '<w>' is not defined. Did you mean: '<w>'?",
    "cannot access local variable '<w>' where it is not associated with a value",
    "'<w>' object has no attribute '<w>'",
    "'<w>' object has no attribute '<w>'. Did you mean: '<w>'?",
    "module '<w>' has no attribute '<w>'",
    "'<w>' object is not subscriptable",
    "'<w>' object is not callable",
    "'<w>' object is not iterable",
    "'<w>' object is not an iterator",
    "'<w>' object cannot be interpreted as an integer",
    "'<w>' object does not support item assignment",
    "object of type '<w>' has no len()",
    "unhashable type: '<w>'",
    "bad operand type for unary -: '<w>'",
    "bad operand type for unary +: '<w>'",
    "can't multiply sequence by non-int of type '<w>'",
    "cannot unpack non-iterable <w> object",
    "too many values to unpack (expected <n>)",
    "not enough values to unpack (expected <n>, got <n>)",
    "<w>() missing <n> required positional argument: '<w>'",
    "<w>() missing <n> required positional arguments: '<w>' and '<w>'",
    "<w>() missing <n> required positional arguments: '<w>', '<w>', and '<w>'",
    "<w>() takes <n> positional argument but <n> were given",
    "<w>() takes <n> positional arguments but <n> was given",
    "<w>() takes <n> positional arguments but <n> were given",
    "<w>() got an unexpected keyword argument '<w>'",
    "division by zero",
    "float division by zero",
    "integer division or modulo by zero",
    "integer modulo by zero",
    "math domain error",
    "math range error",
    "list index out of range",
    "tuple index out of range",
    "list assignment index out of range",
    "string index out of range",
    "range object index out of range",
    "pop from empty list",
    "list indices must be integers or slices, not <w>",
    "tuple indices must be integers or slices, not <w>",
    "slice indices must be integers or None or have an __index__ method",
    "slice step cannot be zero",
    "range() arg <n> must not be zero",
    "maximum recursion depth exceeded",
    "maximum recursion depth exceeded in comparison",
    "maximum recursion depth exceeded while calling a Python object",
    "int too large to convert to float",
    "cannot convert float NaN to integer",
    "cannot convert float infinity to integer",
    "only size-1 arrays can be converted to Python scalars",
    "must be real number, not <w>",
    "argument of type '<w>' is not iterable",
    "max() arg is an empty sequence",
    "min() arg is an empty sequence",
    "max() iterable argument is empty",
    "min() iterable argument is empty",
    "dictionary changed size during iteration",
    "generator raised StopIteration",
)
OPERATORS = (
    "+", "-", "*", "/", "//", "%", "@", "** or pow()", "&", "|", "^", "<<", ">>", "+=", "-=", "*=",
    "/=", "@=", "**=",
)  # fmt: skip
SENTENCES = (
    *NUMPY,
    *PYTHON,
    *(f"unsupported operand type(s) for {sign}: '<w>' and '<w>'" for sign in OPERATORS),
    *(
        f"'{sign}' not supported between instances of '<w>' and '<w>'"
        for sign in ("<", ">", "<=", ">=")
    ),
)
